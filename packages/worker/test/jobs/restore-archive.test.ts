import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { withDatabase } from '@safekeep/shared/config/postgres-url';
import { Secret } from '@safekeep/shared/config/secret';
import type { SafekeepError } from '@safekeep/shared/errors';
import { expect } from 'chai';
import { emptyDatabase, postgresServer, sql } from '../../../shared/test/servers.js';
import { openCheckedChain } from '../../src/jobs/checked-chain.js';
import { type ArchiveRestore, type RestoreOutcome, restoreArchive } from '../../src/jobs/restore-archive.js';
import { DistrustError } from '../../src/jobs/stored-backup.js';
import { libpqAccess } from '../../src/postgres/libpq-environment.js';
import {
  createDatabase,
  dropDatabase,
  findContents,
  onTarget,
  readMark,
} from '../../src/postgres/target-database.js';
import { realPrograms } from '../postgres/real-programs.js';
import { wholeText } from '../process/by-hand.js';
import { storedBackupOf, type TakenBackup } from './stored-backup-of.js';

const NEVER = new AbortController().signal;

describe('a stored backup is streamed into a database', function () {
  this.timeout(60_000);
  let server: Secret;
  let source: string;
  let taken: TakenBackup;

  before(async () => {
    server = new Secret((await postgresServer()).url('postgres'));
    source = await emptyDatabase();
    await sql(
      source,
      `CREATE TABLE patients AS SELECT g AS id, md5(g::text) AS name FROM generate_series(1, 20000) g;
       CREATE TABLE "Odd ""name"" -- x" (v text); INSERT INTO "Odd ""name"" -- x" VALUES (E'a\\tb\\nc'), (NULL);
       CREATE INDEX ON patients (name); SELECT lo_from_bytea(77, '\\x00ff')`,
    );
    taken = await storedBackupOf(source);
  });

  async function restore(
    database: string,
    settings: Partial<ArchiveRestore> = {},
    signal = NEVER,
  ): Promise<RestoreOutcome> {
    const access = await libpqAccess(withDatabase(server, database), process.env);
    const chain = await openCheckedChain(taken.stored, { signal });
    const backup = chain.full;
    try {
      const asked = { owners: false, privileges: false };
      const job = { backup, programs: await realPrograms(), access, database, asked, dumpIds: null };
      return await restoreArchive({ ...job, ...settings }, signal);
    } finally {
      await chain.close();
      await access.close();
    }
  }

  async function reason(work: Promise<unknown>): Promise<unknown> {
    return work.then(
      () => Promise.reject(new Error('it succeeded')),
      (error: unknown) => error,
    );
  }

  it('the copy is the source in every word, also under a name made of signs', async () => {
    const name = `-x "y" = p://q 'z'`;
    await onTarget(server, (client) => createDatabase(client, name, taken.sidecar, 'a mark'));
    const progress: [number, number, string | null][] = [];
    const outcome = await restore(name, { onProgress: (...step) => progress.push(step) });
    expect(outcome.warnings).to.deep.equal([]);
    const url = (await postgresServer()).url(source);
    expect(await wholeText(withDatabase(server, name).reveal())).to.equal(await wholeText(url));
    expect(progress.at(-1)?.slice(0, 2)).to.deep.equal([taken.sidecar.size, taken.sidecar.size]);
    expect(await onTarget(server, (client) => readMark(client, name))).to.equal('a mark');
    await onTarget(server, (client) => dropDatabase(client, name));
    expect(await onTarget(server, (client) => readMark(client, name))).to.equal(null);
  });

  it('a choice of entries restores these alone, though the rest of the archive is read to its end', async () => {
    const chain = await openCheckedChain(taken.stored, { signal: NEVER });
    const wanted = chain.full.toc.entries.filter((entry) => entry.tag.startsWith('Odd'));
    await chain.close();
    const database = await emptyDatabase();
    await restore(database, { dumpIds: wanted.map((entry) => entry.dumpId) });
    expect(await sql(database, 'SELECT relname FROM pg_stat_user_tables')).to.deep.equal([
      { relname: 'Odd "name" -- x' },
    ]);
  });

  it('knows an empty database from one that holds something', async () => {
    const database = await emptyDatabase();
    const look = () => onTarget(withDatabase(server, database), findContents);
    expect(await look()).to.deep.equal([]);
    await sql(database, 'CREATE FUNCTION one() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$');
    expect(await look()).to.deep.equal(['1 function(s)']);
    await sql(database, 'DROP FUNCTION one; SELECT lo_create(1)');
    expect(await look()).to.deep.equal(['1 large object(s)']);
  });

  it('a locale that the server does not have is told, not a failure', async () => {
    const text = { encoding: 'UTF8', collate: 'xx_XX.utf8', ctype: 'xx_XX.utf8' };
    const name = `locale_${randomBytes(4).toString('hex')}`;
    const made = await onTarget(server, (client) => createDatabase(client, name, text, 'm'));
    expect(made.sameLocale).to.equal(false);
  });

  it('a real error fails the restore, and says what failed without a row', async () => {
    const database = await emptyDatabase();
    await sql(database, `CREATE TABLE patients (id int, name text CHECK (name = 'x'))`);
    const error = (await reason(restore(database))) as SafekeepError;
    expect(error).to.include({ code: 'RESTORE_FAILED' });
    expect(error.message).to.contain('TABLE public.patients (SQLSTATE 42P07)', error.message);
  });

  it('a database that is not there fails at once, and so does a server that is not', async () => {
    expect(await reason(restore('no_such_database'))).to.include({ code: 'RESTORE_FAILED' });
    const dead = new Secret('postgres://x@127.0.0.1:1/x');
    expect(await reason(onTarget(dead, findContents))).to.include({ code: 'TARGET_UNREACHABLE' });
  });

  it('a signal stops it, and its reason is thrown', async () => {
    const database = await emptyDatabase();
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error('told to stop'));
    const error = await reason(restore(database, { onProgress }, stop.signal));
    expect((error as Error).message).to.equal('told to stop');
  });

  it('a file of which one bit is wrong, a wrong key, or another sidecar is never decrypted', async () => {
    const whole = readFileSync(taken.file);
    const broken = Buffer.from(whole);
    broken[whole.length >> 1] = (broken[whole.length >> 1] ?? 0) ^ 1;
    const open = (change = {}) => openCheckedChain({ ...taken.stored, ...change }, { signal: NEVER });
    try {
      writeFileSync(taken.file, broken);
      const error = (await reason(open())) as DistrustError;
      expect(error).to.be.instanceOf(DistrustError);
      expect(error.distrust.verdict).to.equal('checksum');
      writeFileSync(taken.file, whole.subarray(1));
      expect(((await reason(open())) as DistrustError).distrust.verdict).to.equal('size');
    } finally {
      writeFileSync(taken.file, whole);
    }
    const encryptionKey = new Secret(randomBytes(48).toString('base64'));
    expect(await reason(open({ encryptionKey }))).to.include({ code: 'KEY_UNKNOWN' });
    expect(await reason(open({ recordedHmac: 'f'.repeat(64) }))).to.be.instanceOf(DistrustError);
    await (await open()).close();
  });
});
