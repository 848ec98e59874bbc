import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseSidecar, type SidecarBody, serializeSidecar } from '@safekeep/archive/sidecar';
import { Secret } from '@safekeep/shared/config/secret';
import type { SafekeepError } from '@safekeep/shared/errors';
import { claimRow } from '@safekeep/shared/history/job-rows';
import {
  findScratch,
  insertRecoveryTest,
  listLeftScratch,
  type RecoveryResult,
  recordScratch,
} from '@safekeep/shared/history/recovery-tests';
import { createLogger } from '@safekeep/shared/logger';
import { expect } from 'chai';
import {
  emptyDatabase,
  openHistory,
  postgresServer,
  sql,
  type TestHistory,
} from '../../../shared/test/servers.js';
import { type RecoverySettings, recoveryTest } from '../../src/jobs/recovery-test.js';
import { scratchRound } from '../../src/reconcile/drop-left-scratch.js';
import { realPrograms } from '../postgres/real-programs.js';
import { ODD_DATABASES } from '../process/odd-databases.js';
import { incrementOf } from './increment-of.js';
import { whileThere } from './odd-source.js';
import { type OtherBackups, REPLACEMENTS, whileReplaced } from './replaced-files.js';
import { storedBackupOf, type TakenBackup } from './stored-backup-of.js';

const NEVER = new AbortController().signal;
const LOGGER = createLogger({ service: 'worker', level: 'error' });
const GUESSABLE = /^safekeep_scratch_[0-9a-f]{32}$/;

describe('a recovery test', function () {
  this.timeout(60_000);
  let history: TestHistory;
  let server: Secret;
  let taken: TakenBackup;
  let others: OtherBackups;
  let source: string;
  let settings: RecoverySettings;

  before(async () => {
    history = await openHistory(2);
    server = new Secret((await postgresServer()).url('postgres'));
    source = await emptyDatabase();
    await sql(
      source,
      `CREATE TABLE patients (id int PRIMARY KEY, name text); INSERT INTO patients SELECT g, md5(g::text) FROM generate_series(1, 900) g;
       CREATE SCHEMA clinic; CREATE TABLE clinic.appointments (id serial); INSERT INTO clinic.appointments DEFAULT VALUES`,
    );
    taken = await storedBackupOf(source);
    const another = await emptyDatabase();
    const { encryptionKey } = taken.stored;
    others = {
      sameKey: await storedBackupOf(another, encryptionKey),
      otherKey: await storedBackupOf(another),
    };
    settings = {
      pool: history.pool,
      logger: LOGGER,
      encryptionKey: taken.stored.encryptionKey,
      targets: { rtoTargetSeconds: 3600, rpoTargetSeconds: 3600 },
      criticalTables: ['users', 'patients', 'clinic.appointments'],
      programDirectories: [(await realPrograms()).directory],
      environment: { PATH: process.env.PATH },
    };
  });
  after(() => history?.close());

  /** A recovery test as history knows it, claimed by one run. */
  async function begin(backup: TakenBackup) {
    const { id: backupId } = backup.stored.backup;
    await history.pool.query(
      `INSERT INTO backups (id, source, type, requested_type, status, requested_via, ended_at, file_name, checksum, hmac)
       VALUES ($1, 'main', 'full', 'full', 'completed', 'cli', now(), 'f', 'c', 'h') ON CONFLICT DO NOTHING`,
      [backupId],
    );
    const id = randomUUID();
    const asked = { requestedVia: 'cli', requestedBy: null, note: null } as const;
    await insertRecoveryTest(history.pool, { id, backupId, ...asked });
    const claim = await claimRow(history.pool, 'recovery_tests', id, 'test');
    if (claim.kind !== 'started') throw new Error('the claim failed');
    return { id, run: claim.run };
  }

  async function prove(
    backup: TakenBackup = taken,
    changes: Partial<RecoverySettings> = {},
    more: { server?: Secret; signal?: AbortSignal; recordedHmac?: string } = {},
  ): Promise<RecoveryResult> {
    const { id, run } = await begin(backup);
    const recordedHmac = more.recordedHmac ?? backup.stored.recordedHmac;
    const job = { ...backup.stored, id, run, recordedHmac };
    const given = { ...settings, encryptionKey: backup.stored.encryptionKey, ...changes };
    try {
      return await recoveryTest(
        { ...job, server: more.server ?? server, onProgress: () => {} },
        given,
        more.signal ?? NEVER,
      );
    } finally {
      expect(await findScratch(history.pool, id), 'history still names a scratch database').to.equal(null);
      expect(await scratchDatabases()).to.deep.equal([]);
    }
  }

  async function scratchDatabases(): Promise<string[]> {
    const rows = await sql<{ datname: string }>(
      'postgres',
      `SELECT datname FROM pg_database WHERE datname LIKE 'safekeep\\_scratch\\_%'`,
    );
    return rows.map((row) => row.datname);
  }

  async function reason(work: Promise<unknown>): Promise<SafekeepError> {
    return work.then(
      () => Promise.reject(new Error('it succeeded')),
      (error: SafekeepError) => error,
    );
  }

  /** What came of a test: its result, or its error. */
  const settled = (work: Promise<RecoveryResult>): Promise<unknown> => work.catch((error: unknown) => error);

  /** Another authentic sidecar in the place of the backup's own, until `work` has ended. */
  async function withSidecar<T>(
    change: (body: SidecarBody) => object,
    work: (hmac: string) => Promise<T>,
  ): Promise<T> {
    const [path, key] = [`${taken.file}.meta`, taken.stored.encryptionKey.reveal()];
    const pristine = readFileSync(path, 'utf8');
    const { hmac: _, ...body } = parseSidecar(pristine, key);
    const text = serializeSidecar(change(body) as SidecarBody, key);
    writeFileSync(path, text);
    try {
      return await work(parseSidecar(text, key).hmac);
    } finally {
      writeFileSync(path, pristine);
    }
  }

  it('passes a sound backup, and says what it compared and how long it took', async () => {
    const { facts, ...result } = await prove();
    expect(result).to.deep.include({ status: 'passed', findings: [], reason: null, rtoTargetSeconds: 3600 });
    expect(facts).to.deep.include({
      tables: 2,
      rows: 901,
      contents: 2,
      sequences: 1,
      indexes: 1,
      constraints: 1,
    });
    expect(facts?.criticalTables).to.deep.equal([
      { name: 'public.patients', rows: 900 },
      { name: 'clinic.appointments', rows: 1 },
    ]);
    expect(result.rtoSeconds).to.be.within(0.01, facts?.totalSeconds ?? 0);
    expect(result.rpoSeconds).to.be.within(0.01, 3600);
  });

  it('does not ask the source: what happened to it after the backup does not matter', async () => {
    await sql(
      source,
      `UPDATE patients SET name = 'x'; DROP SCHEMA clinic CASCADE; CREATE TABLE more (id int)`,
    );
    expect(await prove()).to.deep.include({ status: 'passed', findings: [] });
  });

  for (const odd of ODD_DATABASES) {
    it(`passes a backup of ${odd.promise}`, async () => {
      await whileThere(odd, async () => {
        const { status, findings, facts } = await prove(await storedBackupOf(odd.name));
        expect(findings).to.deep.equal([]);
        expect(status).to.equal('passed');
        expect(facts?.notCompared).to.deep.equal([]);
      });
    });
  }

  for (const encoding of ['SQL_ASCII', 'LATIN1', 'WIN1252']) {
    it(`passes a backup in ${encoding}, also of bytes that have no meaning in UTF-8`, async () => {
      const database = `encoded_${encoding.toLowerCase()}`;
      await sql(
        'postgres',
        `CREATE DATABASE ${database} TEMPLATE template0 ENCODING '${encoding}' LOCALE 'C'`,
      );
      await sql(
        database,
        `CREATE TABLE letters (id int, v text); CREATE SEQUENCE s;
         INSERT INTO letters SELECT g, convert_from(set_byte('\\x00', 0, g), '${encoding}') FROM generate_series(128, 255) g`,
      );
      const { status, findings, facts } = await prove(await storedBackupOf(database));
      expect(findings).to.deep.equal([]);
      expect(status).to.equal('passed');
      expect(facts).to.include({ rows: 128, contents: 1, sequences: 1 });
    });
  }

  it('fails and says which table when the copy is not what the authentic sidecar vouches for', async () => {
    const result = await withSidecar(
      ({ tables, ...body }) => ({
        ...body,
        tables: tables.map((table) =>
          table.name === 'patients' ? { ...table, contentHash: '0'.repeat(32) } : { ...table, rows: 2 },
        ),
      }),
      (recordedHmac) => prove(taken, {}, { recordedHmac }),
    );
    expect(result.status).to.equal('failed');
    expect(result.findings).to.have.deep.members([
      { kind: 'content', object: 'public.patients', expected: 'the same values', actual: 'other values' },
      { kind: 'rows', object: 'clinic.appointments', expected: 2, actual: 1 },
    ]);
    expect(result.facts?.differences).to.equal(2);
  });

  it('compares rows alone where the sidecar has no fingerprint, and says so', async () => {
    const result = await withSidecar(
      ({ fingerprint: _, tables, ...body }) => ({
        ...body,
        tables: tables.map(({ schema, name, rows }) => ({ schema, name, rows })),
      }),
      (recordedHmac) => prove(taken, {}, { recordedHmac }),
    );
    expect(result.status).to.equal('passed');
    expect(result.facts).to.include({ tables: 2, contents: 0, indexes: 0 });
    expect(result.facts?.notCompared.join()).to.contain('only rows were compared');
  });

  it('tells of missed targets, and passes all the same', async () => {
    const result = await prove(taken, { targets: { rtoTargetSeconds: 0, rpoTargetSeconds: 0 } });
    expect(result.status).to.equal('passed');
    expect(result.reason).to.contain('RTO_TARGET').and.to.contain('RPO_TARGET');
  });

  for (const replacement of REPLACEMENTS) {
    const { what, stop } = replacement;
    it(`restores nothing of ${what}, and says so`, async () => {
      const result = await whileReplaced(taken, others, replacement, () => settled(prove()));
      if (stop === 'KEY_UNKNOWN') expect(result).to.include({ code: 'KEY_UNKNOWN' });
      else {
        expect(result).to.deep.include({ status: 'failed' });
        expect((result as RecoveryResult).findings?.[0]).to.include({ kind: 'backup', actual: stop });
      }
    });
  }

  it('fails a file that is damaged before anything is restored', async () => {
    const pristine = readFileSync(taken.file);
    const bytes = Buffer.from(pristine);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(taken.file, bytes);
    const damaged = await prove().finally(() => writeFileSync(taken.file, pristine));
    expect(damaged.status).to.equal('failed');
    expect(damaged.findings?.[0]).to.include({ kind: 'backup', actual: 'checksum' });
  });

  describe('of an incremental', () => {
    let base: TakenBackup;
    let tip: TakenBackup;
    let ward: string;
    const changes = { 'public.beds': 'id > 900', 'public.notes': null };
    const make = (lies: (body: SidecarBody) => SidecarBody = (body) => body) =>
      incrementOf(base, ward, changes, lies);

    before(async () => {
      ward = await emptyDatabase();
      await sql(
        ward,
        `CREATE TABLE beds (id serial PRIMARY KEY, ward text); INSERT INTO beds (ward) SELECT 'a' FROM generate_series(1, 900) g;
         CREATE TABLE notes (v text); CREATE TABLE patients AS SELECT g AS id FROM generate_series(1, 40) g`,
      );
      base = await storedBackupOf(ward);
      await sql(ward, `INSERT INTO beds (ward) VALUES ('b'), ('b'); INSERT INTO notes VALUES ('x')`);
      tip = await make();
    });

    it('restores it on its base, and says on which', async () => {
      const { facts, ...result } = await prove(tip);
      expect(result).to.deep.include({ status: 'passed', findings: [], reason: null });
      expect(facts).to.deep.include({ tables: 3, rows: 943, contents: 3, sequences: 1, notCompared: [] });
      expect(facts?.base).to.deep.equal({ id: base.sidecar.id, fileName: base.sidecar.fileName });
      expect((await prove(base)).facts).to.deep.include({ base: null, rows: 940 });
    });

    it('fails and says where when a row, a value or a key is another one', async () => {
      const tablesOf = (change: (table: SidecarBody['tables'][number]) => object) => (body: SidecarBody) => ({
        ...body,
        tables: body.tables.map((table) => ({ ...table, ...change(table) })),
      });
      const { findings } = await prove(
        await make(
          tablesOf(({ name, rows }) => {
            if (name === 'beds') return { rows: rows + 1 };
            return name === 'notes' ? { contentHash: '0'.repeat(32) } : {};
          }),
        ),
      );
      expect(findings).to.have.deep.members([
        { kind: 'rows', object: 'public.beds', expected: 903, actual: 902 },
        { kind: 'content', object: 'public.notes', expected: 'the same values', actual: 'other values' },
      ]);
    });

    it('fails before anything is restored when its base is not the one it was made on', async () => {
      const pristine = readFileSync(base.file);
      const bytes = Buffer.from(pristine);
      bytes[100] = (bytes[100] ?? 0) ^ 1;
      writeFileSync(base.file, bytes);
      const {
        status,
        reason: why,
        findings,
        facts,
      } = await prove(tip).finally(() => writeFileSync(base.file, pristine));
      expect({ status, facts }).to.deep.equal({ status: 'failed', facts: null });
      expect(findings?.[0]).to.include({ kind: 'backup', object: tip.sidecar.fileName, actual: 'base' });
      expect(why).to.contain(base.sidecar.fileName).and.contain('checksum');
    });

    it('fails when the increment itself refuses what it is applied to', async () => {
      const later = await storedBackupOf(ward, base.stored.encryptionKey, { into: base.directory });
      const { fileName, hmac } = later.sidecar;
      const stranger = await make((body) => ({
        ...body,
        baseId: later.sidecar.id,
        ...(body.delta && { delta: { ...body.delta, base: { fileName, hmac } } }),
      }));
      const { status, findings, reason: why } = await prove(stranger);
      expect(status).to.equal('failed');
      expect(findings?.[0]).to.include({ kind: 'backup', actual: 'base' });
      expect(why).to.contain('SK001');
    });
  });

  it('is an error, not a failure, with another key', async () => {
    const encryptionKey = new Secret('another key, 0123456789abcdefghij');
    expect((await reason(prove(taken, { encryptionKey }))).code).to.equal('KEY_UNKNOWN');
  });

  it('fails a backup that pg_restore cannot bring back, without a word of its rows', async () => {
    const database = await emptyDatabase();
    await sql(
      database,
      `CREATE TABLE allowed (v text); INSERT INTO allowed VALUES ('secret');
       CREATE FUNCTION ok(t text) RETURNS bool LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM allowed WHERE v = t)';
       CREATE TABLE uses (v text CHECK (ok(v))); INSERT INTO uses VALUES ('secret')`,
    );
    const result = await prove(await storedBackupOf(database));
    expect(result.status).to.equal('failed');
    expect(result.findings?.[0]).to.include({ kind: 'backup', actual: 'restore' });
    expect(result.reason).to.contain('uses');
    expect(JSON.stringify(result)).not.to.contain('secret');
  });

  it('passes where the server lacks a role that a policy names, and says which policy was not made', async () => {
    const database = await emptyDatabase();
    await sql(
      database,
      `CREATE ROLE "night shift"; CREATE TABLE "a b" (id int); ALTER TABLE "a b" ENABLE ROW LEVEL SECURITY;
       CREATE POLICY "only ""own""" ON "a b" TO "night shift" USING (id = 1); CREATE POLICY plain ON "a b" USING (true)`,
    );
    const backup = await storedBackupOf(database);
    await sql('postgres', `DROP DATABASE ${database}`);
    await sql('postgres', 'DROP ROLE "night shift"');
    const { status, findings, facts } = await prove(backup);
    expect(findings).to.deep.equal([]);
    expect(status).to.equal('passed');
    expect(facts?.notCompared.join()).to.contain('The policy only "own" on public.a b: the copy');
  });

  it('runs as a role that may make databases, and says what is missing for one that may not', async () => {
    await sql(
      'postgres',
      `CREATE ROLE tester LOGIN CREATEDB PASSWORD 'tester'; CREATE ROLE nobody LOGIN PASSWORD 'nobody'`,
    );
    const as = (role: string) => {
      const url = new URL(server.reveal());
      [url.username, url.password] = [role, role];
      return { server: new Secret(url.href) };
    };
    expect((await prove(taken, {}, as('tester'))).status).to.equal('passed');
    const refused = await reason(prove(taken, {}, as('nobody')));
    expect(refused).to.include({ code: 'SCRATCH_REFUSED', exitCode: 3 });
    expect(refused.hint).to.contain('CREATEDB').and.to.contain('SCRATCH_DATABASE_URL');
    const wrong = new Secret(server.reveal().replace(/:[^:@]+@/, ':wrong@'));
    expect((await reason(prove(taken, {}, { server: wrong }))).code).to.equal('SCRATCH_LOGIN_FAILED');
  });

  it('drops its database also when it is stopped', async () => {
    const stop = new AbortController();
    const { id, run } = await begin(taken);
    const onProgress = ({ phase }: { phase: string }) => {
      if (phase === 'restore') stop.abort(new Error('stopped'));
    };
    const job = { id, run, ...taken.stored, server, onProgress };
    expect((await reason(recoveryTest(job, settings, stop.signal))).message).to.equal('stopped');
    expect(await scratchDatabases()).to.deep.equal([]);
  });

  it('leaves nothing when it dies: its database is dropped, a living one and that of a stranger are not', async () => {
    const dead = await begin(taken);
    const living = await begin(taken);
    const names = ['0', '1', '2'].map((digit) => `safekeep_scratch_${digit.repeat(32)}`);
    for (const name of names) {
      expect(name).to.match(GUESSABLE);
      await sql('postgres', `CREATE DATABASE ${name}`);
    }
    await recordScratch(history.pool, dead.id, dead.run, names[0] ?? '');
    await recordScratch(history.pool, living.id, living.run, names[1] ?? '');
    await history.pool.query(`UPDATE runs SET lease_until = now() - interval '1 s' WHERE id = $1`, [
      dead.run.id,
    ]);
    await scratchRound({ pool: history.pool, scratchServerOf: () => server, logger: LOGGER }).run();
    expect(await scratchDatabases()).to.have.members(names.slice(1));
    expect(await listLeftScratch(history.pool)).to.deep.equal([]);
    for (const name of names.slice(1)) await sql('postgres', `DROP DATABASE ${name}`);
  });

  it('a run that lost its place makes no database', async () => {
    const { id, run } = await begin(taken);
    await history.pool.query(`UPDATE runs SET state = 'lost' WHERE id = $1`, [run.id]);
    const job = { id, run, ...taken.stored, server, onProgress: () => {} };
    expect((await reason(recoveryTest(job, settings, NEVER))).code).to.equal('RUN_FENCED');
    expect(await scratchDatabases()).to.deep.equal([]);
  });
});
