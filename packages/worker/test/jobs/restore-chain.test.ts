import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SidecarBody } from '@safekeep/archive/sidecar';
import { withDatabase } from '@safekeep/shared/config/postgres-url';
import { Secret } from '@safekeep/shared/config/secret';
import type { Restore, RestoreProgress } from '@safekeep/shared/contracts/restore';
import { SafekeepError } from '@safekeep/shared/errors';
import type { RestoreResult } from '@safekeep/shared/history/restores';
import { createLogger } from '@safekeep/shared/logger';
import { filesOf } from '@safekeep/shared/storage/backup-names';
import { expect } from 'chai';
import { emptyDatabase, postgresServer, sql } from '../../../shared/test/servers.js';
import { restore } from '../../src/jobs/restore.js';
import { realPrograms } from '../postgres/real-programs.js';
import { shell, wholeText } from '../process/by-hand.js';
import { type Changes, incrementOf } from './increment-of.js';
import { storedBackupOf, type TakenBackup } from './stored-backup-of.js';

const SCHEMA = `
  CREATE SCHEMA clinic;
  CREATE TABLE clinic.patients (id bigserial PRIMARY KEY, name text, upper_name text GENERATED ALWAYS AS (upper(name)) STORED);
  INSERT INTO clinic.patients (name) SELECT md5(g::text) FROM generate_series(1, 500) g;
  CREATE TABLE visits (patient bigint REFERENCES clinic.patients, at date);
  INSERT INTO visits SELECT g, '2024-01-01' FROM generate_series(1, 300) g;
  CREATE TABLE "Größe ""x""" (id int PRIMARY KEY, v numeric); INSERT INTO "Größe ""x""" SELECT g, g FROM generate_series(1, 20) g;
  CREATE TABLE still AS SELECT g AS id FROM generate_series(1, 50) g;
  CREATE MATERIALIZED VIEW many AS SELECT count(*) FROM visits;
  SELECT lo_from_bytea(77, 'x')`;

const CHANGE = `
  UPDATE clinic.patients SET name = E'a\\\\b' WHERE id % 100 = 0;
  INSERT INTO clinic.patients (name) VALUES ('new'), (NULL);
  DELETE FROM visits WHERE patient < 10; INSERT INTO visits VALUES (501, NULL);
  UPDATE "Größe ""x""" SET v = 7.5 WHERE id = 3; REFRESH MATERIALIZED VIEW many`;

const CHANGES: Changes = {
  'clinic.patients': 'id % 100 = 0 OR id > 500',
  'public.visits': null,
  'public.Größe "x"': 'id = 3',
};

describe('a restore of an incremental', function () {
  this.timeout(60_000);
  let server: Secret;
  let clinic: string;
  let base: TakenBackup;
  let tip: TakenBackup;
  /** Another full of the same source, of a later time. */
  let later: TakenBackup;

  before(async () => {
    server = new Secret((await postgresServer()).url('postgres'));
    clinic = await emptyDatabase();
    await sql(clinic, SCHEMA);
    base = await storedBackupOf(clinic);
    await sql(clinic, CHANGE);
    tip = await incrementOf(base, clinic, CHANGES);
    later = await storedBackupOf(clinic, base.stored.encryptionKey, { into: base.directory });
  });

  interface Asked extends Partial<Omit<Restore, 'targetDatabase'>> {
    readonly from?: TakenBackup;
    readonly on?: Secret;
    readonly onProgress?: (progress: RestoreProgress) => void;
  }

  async function into(targetDatabase: string, asked: Asked = {}): Promise<RestoreResult> {
    const { from = tip, on = server, onProgress = () => {}, ...more } = asked;
    const row = { id: randomUUID(), tables: null, withRoles: false, withGrants: false, ...more };
    return restore(
      { restore: { ...row, targetDatabase }, stored: from.stored, token: 7, onProgress },
      {
        logger: createLogger({ service: 'worker', level: 'error' }),
        server: on,
        source: on,
        history: withDatabase(server, 'history_of_another'),
        programDirectories: [(await realPrograms()).directory],
        environment: { PATH: process.env.PATH },
      },
      new AbortController().signal,
    );
  }

  const fresh = () => `copy_${randomBytes(6).toString('hex')}`;
  const textOf = (database: string) => wholeText(withDatabase(server, database).reveal());
  /** Rows that were changed stand elsewhere. */
  const linesOf = (text: string) => text.split('\n').sort();
  const exists = async (database: string) =>
    (await sql('postgres', 'SELECT FROM pg_database WHERE datname = $1', [database])).length === 1;
  const refusal = (work: Promise<unknown>): Promise<SafekeepError> =>
    work.then(
      () => Promise.reject(new Error('it succeeded')),
      (error: unknown) => (error instanceof SafekeepError ? error : Promise.reject(error)),
    );

  it('is what its snapshot saw, in every word; progress counts both files', async () => {
    const name = fresh();
    const seen: RestoreProgress[] = [];
    const result = await into(name, { onProgress: (progress) => seen.push(progress) });
    expect(result).to.deep.include({ failure: null, findings: [] });
    expect(result.facts).to.deep.include({
      tables: 4,
      rows: 502 + 292 + 20 + 50,
      largeObjects: 1,
      created: true,
    });
    expect(result.facts.warnings.join()).not.to.contain('keys');
    expect(linesOf(await textOf(name))).to.deep.equal(linesOf(await textOf(clinic)));
    const percents = seen.map(({ percent }) => percent);
    expect(percents).to.deep.equal([...percents].sort((a, b) => a - b));
    const size = base.sidecar.size + tip.sidecar.size;
    expect(Math.max(...seen.map(({ doneBytes }) => doneBytes))).to.equal(size);
  });

  it('with stock tools alone: the base, then the increment, which is refused a second time and leaves nothing', async () => {
    const name = fresh();
    await sql('postgres', `CREATE DATABASE ${name} TEMPLATE template0`);
    const key = join(base.directory, 'key.txt');
    writeFileSync(key, base.stored.encryptionKey.reveal(), { mode: 0o600 });
    const { directory } = await realPrograms();
    const environment = { KEY: key, TARGET: withDatabase(server, name).reveal(), BIN: directory };
    const run = (file: string) =>
      shell(
        `gunzip -c "$FILE" | openssl enc -aes-256-cbc -d -pbkdf2 -pass "file:$KEY" | "$BIN/pg_restore" -d "$TARGET" 2>&1`,
        { ...environment, FILE: file },
      );
    expect(await run(base.file)).to.equal('');
    expect(await run(tip.file)).to.equal('');
    const whole = linesOf(await textOf(clinic));
    expect(linesOf(await textOf(name))).to.deep.equal(whole);
    const refused = await run(tip.file).catch((error: { stdout: string }) => error.stdout);
    expect(refused).to.match(/ERROR: {2}SK001: /);
    expect(linesOf(await textOf(name))).to.deep.equal(whole);
    rmSync(key);
  });

  it('of some tables applies to these alone, and sets their sequences', async () => {
    const name = fresh();
    const { facts, findings, failure } = await into(name, { tables: ['clinic.patients', 'Größe "x"'] });
    expect({ findings, failure }).to.deep.equal({ findings: [], failure: null });
    expect(facts).to.include({ tables: 2, rows: 522 });
    const text = await textOf(name);
    expect(text).to.contain(`setval('clinic.patients_id_seq', 502, true)`).and.not.contain('visits');
    expect(await sql(name, `SELECT v FROM "Größe ""x""" WHERE id = 3`)).to.deep.equal([{ v: '7.5' }]);
    const rest = fresh();
    expect((await into(rest, { tables: ['still', 'visits'] })).failure).to.equal(null);
    expect(await sql(rest, 'SELECT count(*)::int AS n FROM visits')).to.deep.equal([{ n: 292 }]);
  });

  it('brings the roles of the incremental, and the copy belongs to them', async () => {
    const { failure, facts } = await into(fresh(), { withRoles: true, withGrants: true });
    expect(failure).to.equal(null);
    expect(facts.roles).to.deep.equal([]);
  });

  it('as a role that owns what it restores and is no superuser', async () => {
    const role = `keeper_${randomBytes(4).toString('hex')}`;
    await sql('postgres', `CREATE ROLE ${role} LOGIN CREATEDB PASSWORD 'pw'`);
    const url = new URL(server.reveal());
    [url.username, url.password] = [role, 'pw'];
    const name = fresh();
    expect((await into(name, { on: new Secret(url.href) })).findings).to.deep.equal([]);
    expect(await sql(name, 'SELECT count FROM many')).to.deep.equal([{ count: 292 }]);
  });

  it('on another full than it was made on is refused, the database is dropped, one that was there keeps the base', async () => {
    const onLater = (body: SidecarBody): SidecarBody => ({
      ...body,
      baseId: later.sidecar.id,
      ...(body.delta && {
        delta: { ...body.delta, base: { fileName: later.sidecar.fileName, hmac: later.sidecar.hmac } },
      }),
    });
    const from = await incrementOf(base, clinic, CHANGES, onLater);
    const name = fresh();
    const error = await refusal(into(name, { from }));
    expect(error).to.include({ code: 'INCREMENT_REFUSED', exitCode: 5 });
    expect(error.message).to.contain('SK001').and.contain(from.sidecar.fileName);
    expect(await exists(name)).to.equal(false);
    const there = await emptyDatabase();
    expect((await refusal(into(there, { from }))).code).to.equal('RESTORE_PART_LEFT');
    expect(await sql(there, `SELECT FROM pg_namespace WHERE nspname = 'safekeep_delta'`)).to.deep.equal([]);
  });

  const lies: readonly [string, (body: SidecarBody) => Partial<SidecarBody>, object][] = [
    [
      'a row more',
      ({ tables }) => ({ tables: tables.map((one) => (one.name === 'still' ? { ...one, rows: 51 } : one)) }),
      { kind: 'rows', object: 'public.still' },
    ],
    [
      'another value in an unchanged table',
      ({ tables }) => ({
        tables: tables.map((one) => (one.name === 'still' ? { ...one, contentHash: 'a'.repeat(32) } : one)),
      }),
      { kind: 'content', object: 'public.still' },
    ],
    [
      'another key in a table that changed row by row',
      ({ delta }) => ({
        ...(delta && {
          delta: {
            ...delta,
            changed: delta.changed.map((one) =>
              one.name === 'patients' ? { ...one, keyHash: 'a'.repeat(32) } : one,
            ),
          },
        }),
      }),
      { kind: 'keys', object: 'clinic.patients' },
    ],
    [
      'another position of a sequence',
      ({ fingerprint }) => ({
        ...(fingerprint && {
          fingerprint: {
            ...fingerprint,
            sequences: fingerprint.sequences.map((one) => ({ ...one, lastValue: '9' })),
          },
        }),
      }),
      { kind: 'sequence', object: 'clinic.patients_id_seq' },
    ],
  ];
  for (const [what, lie, finding] of lies) {
    it(`whose sidecar says ${what} is told, and where`, async () => {
      const from = await incrementOf(base, clinic, CHANGES, (body) => ({ ...body, ...lie(body) }));
      const { failure, findings } = await into(fresh(), { from });
      expect(failure).to.include({ code: 'RESTORE_DIFFERS' });
      expect(findings).to.have.length(1);
      expect(findings[0]).to.include(finding);
    });
  }

  it('says that keys cannot be compared where the server hashes otherwise', async () => {
    const from = await incrementOf(base, clinic, CHANGES, (body) => ({
      ...body,
      ...(body.delta && { delta: { ...body.delta, keyHashCanary: '1' } }),
    }));
    const { failure, facts } = await into(fresh(), { from });
    expect(failure).to.equal(null);
    expect(facts.warnings.join()).to.contain('The keys of 2 table(s)');
  });

  it('needs no manifest: that is for the next incremental', async () => {
    rmSync(join(base.directory, filesOf(base.sidecar.fileName).manifest));
    expect((await into(fresh())).failure).to.equal(null);
  });
});
