import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { serializeSidecar } from '@safekeep/archive/sidecar';
import { withDatabase } from '@safekeep/shared/config/postgres-url';
import { Secret } from '@safekeep/shared/config/secret';
import type { Restore, RestoreProgress } from '@safekeep/shared/contracts/restore';
import { SafekeepError } from '@safekeep/shared/errors';
import type { RestoreResult } from '@safekeep/shared/history/restores';
import { createLogger } from '@safekeep/shared/logger';
import { expect } from 'chai';
import { emptyDatabase, postgresServer, sql } from '../../../shared/test/servers.js';
import { restore } from '../../src/jobs/restore.js';
import { DistrustError } from '../../src/jobs/stored-backup.js';
import { realPrograms } from '../postgres/real-programs.js';
import { wholeText } from '../process/by-hand.js';
import { ODD_DATABASES } from '../process/odd-databases.js';
import { drop, whileThere } from './odd-source.js';
import { type OtherBackups, REPLACEMENTS, whileReplaced } from './replaced-files.js';
import { storedBackupOf, type TakenBackup } from './stored-backup-of.js';

describe('a restore', function () {
  this.timeout(60_000);
  let server: Secret;
  let clinic: string;
  let taken: TakenBackup;
  let others: OtherBackups;

  before(async () => {
    server = new Secret((await postgresServer()).url('postgres'));
    clinic = await emptyDatabase();
    await sql(
      clinic,
      `CREATE SCHEMA clinic; CREATE TYPE blood AS ENUM ('A', 'B'); CREATE SEQUENCE numbers;
       CREATE TABLE clinic.patients (id serial PRIMARY KEY, kind blood, mrn int DEFAULT nextval('numbers'));
       INSERT INTO clinic.patients (kind) SELECT 'A' FROM generate_series(1, 500);
       CREATE TABLE visits (id int PRIMARY KEY, patient int REFERENCES clinic.patients);
       INSERT INTO visits SELECT g, g FROM generate_series(1, 300) g;
       CREATE INDEX by_patient ON visits (patient); CREATE VIEW seen AS SELECT * FROM visits;
       CREATE TABLE days (day date) PARTITION BY RANGE (day);
       CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
       CREATE INDEX ON days (day); INSERT INTO days VALUES ('2024-01-02')`,
    );
    taken = await storedBackupOf(clinic);
    const another = await emptyDatabase();
    const { encryptionKey } = taken.stored;
    others = {
      sameKey: await storedBackupOf(another, encryptionKey),
      otherKey: await storedBackupOf(another),
    };
  });

  interface Asked extends Partial<Omit<Restore, 'targetDatabase'>> {
    readonly from?: TakenBackup;
    readonly history?: Secret;
    /** The URL of RESTORE_DATABASE_URL, or else of the source. */
    readonly on?: Secret;
    readonly onProgress?: (progress: RestoreProgress) => void;
    readonly signal?: AbortSignal;
  }

  async function into(targetDatabase: string, asked: Asked = {}): Promise<RestoreResult> {
    const { from = taken, on = server, onProgress = () => {}, signal = new AbortController().signal } = asked;
    const row = {
      id: randomUUID(),
      tables: null,
      withRoles: false,
      withGrants: false,
      ...asked,
      targetDatabase,
    };
    return restore(
      { restore: row, stored: from.stored, token: 7, onProgress },
      {
        logger: createLogger({ service: 'worker', level: 'error' }),
        server: on,
        source: on,
        history: asked.history ?? withDatabase(server, 'history_of_another'),
        programDirectories: [(await realPrograms()).directory],
        environment: { PATH: process.env.PATH },
      },
      signal,
    );
  }

  async function refusal(work: Promise<unknown>): Promise<SafekeepError> {
    const error = await work.then(
      () => new Error('it succeeded'),
      (reason: unknown) => reason,
    );
    if (!(error instanceof SafekeepError)) throw error;
    return error;
  }

  /** The step at which a stored backup was not trusted, or the error's code. */
  async function stopOf(work: Promise<unknown>): Promise<string> {
    const error = await work.then(
      () => new Error('it succeeded'),
      (reason: unknown) => reason,
    );
    if (error instanceof DistrustError) return error.distrust.verdict;
    if (error instanceof SafekeepError) return error.code;
    throw error;
  }

  const fresh = () => `copy_${randomBytes(6).toString('hex')}`;
  const textOf = (database: string) => wholeText(withDatabase(server, database).reveal());
  const exists = async (database: string) =>
    (await sql('postgres', 'SELECT FROM pg_database WHERE datname = $1', [database])).length === 1;

  it('needs no database of the source: where it is lost, that is when people restore', async () => {
    const lost = fresh();
    const result = await into(lost, { on: withDatabase(server, lost) });
    expect(result).to.deep.include({ failure: null, findings: [] });
    expect(await textOf(lost)).to.equal(await textOf(clinic));
  });

  it('makes a database that is equal to the source, and tells its progress up to the comparison', async () => {
    const name = fresh();
    const seen: RestoreProgress[] = [];
    const result = await into(name, { onProgress: (progress) => seen.push(progress) });
    expect(result).to.deep.include({ failure: null, findings: [] });
    expect(result.facts).to.deep.include({ created: true, tables: 3, rows: 801, largeObjects: 0, roles: [] });
    expect(await textOf(name)).to.equal(await textOf(clinic));
    expect([...new Set(seen.map(({ phase }) => phase))]).to.deep.equal([
      'check',
      'preflight',
      'data',
      'indexes',
      'compare',
    ]);
    const percents = seen.map(({ percent }) => percent);
    expect(percents).to.deep.equal([...percents].sort((a, b) => a - b));
    expect(percents.at(-1)).to.equal(90);
    const [database] = await sql(
      'postgres',
      `SELECT shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = $1`,
      [name],
    );
    expect(database).to.deep.equal({ mark: null });
  });

  for (const [at, odd] of ODD_DATABASES.entries()) {
    it(`${odd.promise}: with roles and grants, the copy is the source in every word`, async () => {
      await whileThere(odd, async () => {
        const copy = `${odd.name.slice(0, 20)} copy '"=//`;
        const from = await storedBackupOf(odd.name);
        const result = await into(copy, { from, withRoles: true, withGrants: true });
        expect(result).to.deep.include({ failure: null, findings: [] });
        expect(await textOf(copy)).to.equal(await textOf(odd.name));
        expect(result.facts.largeObjects).to.equal(at === 2 ? 3 : 0);
        await drop(copy);
      });
    });
  }

  it('takes an empty database that exists, and leaves it to its owner', async () => {
    const name = await emptyDatabase();
    await sql('postgres', `COMMENT ON DATABASE ${name} IS 'of the clinic'`);
    expect((await into(name)).facts.created).to.equal(false);
    expect(await textOf(name)).to.contain('CREATE TABLE clinic.patients');
    const [row] = await sql(
      'postgres',
      `SELECT shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = $1`,
      [name],
    );
    expect(row).to.deep.equal({ mark: 'of the clinic' });
  });

  it('refuses a database that holds data, and nothing is changed there', async () => {
    const name = await emptyDatabase();
    await sql(name, 'CREATE TABLE precious AS SELECT 1 AS id');
    const before = await textOf(name);
    const error = await refusal(into(name));
    expect(error).to.include({ code: 'RESTORE_REFUSED', exitCode: 6, httpStatus: 409 });
    expect(error.message).to.contain('never restores over data');
    expect(await textOf(name)).to.equal(before);
  });

  it('refuses the source’s own database while it exists, and that of the history', async () => {
    const before = await textOf(clinic);
    expect((await refusal(into(clinic))).message)
      .to.contain('of the source itself')
      .and.contain('holds');
    expect(await textOf(clinic)).to.equal(before);
    const name = fresh();
    const history = withDatabase(server, name);
    expect((await refusal(into(name, { history }))).message).to.contain('database of the history');
    expect(await exists(name)).to.equal(false);
  });

  it('a source that was lost comes back under its name', async () => {
    const lost = await emptyDatabase();
    await sql(lost, 'CREATE TABLE t AS SELECT 1 AS id');
    const from = await storedBackupOf(lost);
    const before = await textOf(lost);
    await sql('postgres', `DROP DATABASE ${lost}`);
    await into(lost, { from });
    expect(await textOf(lost)).to.equal(before);
  });

  it('a choice of tables comes with what it needs and what belongs to it; the rest is named', async () => {
    const name = fresh();
    const { facts, findings } = await into(name, { tables: ['clinic.patients', 'days'] });
    expect(findings).to.deep.equal([]);
    expect(facts).to.include({ tables: 2, rows: 501 });
    expect(facts.warnings.join('\n')).to.contain('only 2 of 3 table(s)');
    const text = await textOf(name);
    for (const wanted of [
      'CREATE TYPE public.blood',
      'CREATE SEQUENCE public.numbers',
      `setval('public.numbers', 500, true)`,
      `setval('clinic.patients_id_seq', 500, true)`,
      'ADD CONSTRAINT patients_pkey',
      'ATTACH PARTITION public.days_1',
    ])
      expect(text).to.contain(wanted);
    expect(text).not.to.contain('visits').and.not.contain('seen');
  });

  it('a chosen table is restored without the foreign key to one that was not chosen, and says so', async () => {
    const name = fresh();
    const { facts } = await into(name, { tables: ['visits'] });
    expect(facts.warnings.join('\n')).to.contain('FK CONSTRAINT public.visits visits_patient_fkey');
    const text = await textOf(name);
    expect(text).to.contain('CREATE INDEX by_patient').and.not.contain('patients');
  });

  it('refuses tables that the backup does not have, all of them at once', async () => {
    const error = await refusal(into(fresh(), { tables: ['nobody', 'visits', 'clinic.visits'] }));
    expect(error.message).to.contain('no table nobody').and.contain('no table clinic.visits');
  });

  it('makes the roles that lack, with passwords and memberships, and touches none that exists', async () => {
    const [made, kept] = ['made', 'kept'].map((role) => `${role}_${randomBytes(4).toString('hex')}`);
    await sql(
      'postgres',
      `CREATE ROLE "${made}" LOGIN PASSWORD 'pw-of-a-test' CONNECTION LIMIT 3; CREATE ROLE "${kept}" NOLOGIN;
       GRANT "${kept}" TO "${made}"; ALTER ROLE "${made}" SET work_mem = '8MB'`,
    );
    const name = await emptyDatabase();
    await sql(
      name,
      `CREATE TABLE t (id int); ALTER TABLE t OWNER TO "${made}"; GRANT SELECT ON t TO "${kept}"`,
    );
    await sql('postgres', `ALTER DATABASE ${name} OWNER TO "${made}"`);
    const role = () =>
      sql(
        'postgres',
        `SELECT a.rolpassword, a.rolconnlimit, r.rolconfig FROM pg_authid a JOIN pg_roles r USING (oid) WHERE a.rolname = $1`,
        [made],
      );
    const before = await role();
    const from = await storedBackupOf(name);
    await sql('postgres', `DROP DATABASE ${name}`);
    await sql('postgres', `DROP ROLE "${made}"; ALTER ROLE "${kept}" CREATEDB`);

    const plain = fresh();
    await into(plain, { from });
    expect(
      await sql(plain, `SELECT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relname = 't'`),
    ).to.deep.equal([{ owner: (await sql('postgres', 'SELECT current_user AS u'))[0]?.u }]);

    const copy = fresh();
    const result = await into(copy, { from, withRoles: true, withGrants: true });
    expect(result.facts.roles).to.include(made).and.not.include(kept);
    expect(await role()).to.deep.equal(before);
    const owners = await sql(
      copy,
      `SELECT pg_get_userbyid(relowner) AS owner, has_table_privilege('${kept}', oid, 'SELECT') AS may,
         (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()) AS database,
         pg_has_role('${made}', '${kept}', 'MEMBER') AS member,
         (SELECT rolcreatedb FROM pg_roles WHERE rolname = '${kept}') AS untouched
       FROM pg_class WHERE relname = 't'`,
    );
    expect(owners).to.deep.equal([{ owner: made, may: true, database: made, member: true, untouched: true }]);
  });

  it('a policy for a role that is not there is left out and told, and the copy is good', async () => {
    const [name, role] = [await emptyDatabase(), `gone_${randomBytes(4).toString('hex')}`];
    await sql(
      name,
      `CREATE ROLE ${role}; CREATE TABLE t (id int); CREATE POLICY own ON t TO ${role} USING (true)`,
    );
    const from = await storedBackupOf(name);
    await sql('postgres', `DROP DATABASE ${name}`);
    await sql('postgres', `DROP ROLE ${role}`);
    const { facts, failure } = await into(fresh(), { from });
    expect(failure).to.equal(null);
    expect(facts.warnings.join('\n')).to.contain('POLICY public.t own: not restored');
  });

  it('a restore that fails drops the database that it made', async () => {
    const from = await unrestorable();
    const name = fresh();
    const error = await refusal(into(name, { from }));
    expect(error.code).to.equal('RESTORE_FAILED');
    expect(error.message).to.contain('TABLE DATA public.a').and.not.contain('MARKER');
    expect(await exists(name)).to.equal(false);
  });

  it('a restore that fails leaves a database that was there before, and says what is in it', async () => {
    const from = await unrestorable();
    const name = await emptyDatabase();
    const error = await refusal(into(name, { from }));
    expect(error.code).to.equal('RESTORE_PART_LEFT');
    expect(error.message).to.contain('was not dropped; it now holds 2 table(s)', error.message);
    expect(await exists(name)).to.equal(true);
  });

  /** Its rows can be dumped, yet not restored: a check looks into a table that is still empty then. */
  async function unrestorable(): Promise<TakenBackup> {
    const name = await emptyDatabase();
    await sql(
      name,
      `CREATE TABLE z (id int); INSERT INTO z VALUES (1);
       CREATE FUNCTION known(int) RETURNS boolean LANGUAGE plpgsql AS
         $$ BEGIN RETURN EXISTS (SELECT FROM public.z WHERE id = $1); END $$;
       CREATE TABLE a (id int CHECK (known(id)), name text); INSERT INTO a VALUES (1, 'MARKER')`,
    );
    return storedBackupOf(name);
  }

  it('what an earlier attempt of the same restore left is made anew; of another restore it is refused', async () => {
    const [name, id] = [fresh(), randomUUID()];
    await sql('postgres', `CREATE DATABASE ${name}`);
    await sql('postgres', `COMMENT ON DATABASE ${name} IS 'safekeep restore ${id} run 3'`);
    await sql(name, 'CREATE TABLE half (id int)');
    expect((await refusal(into(name))).code).to.equal('RESTORE_REFUSED');
    expect((await into(name, { id })).facts.created).to.equal(true);
    expect(await textOf(name)).to.equal(await textOf(clinic));
  });

  it('a copy that differs from the sidecar is told, and kept for a look', async () => {
    const { hmac: _, ...body } = taken.sidecar;
    const tables = body.tables.map((table) => (table.name === 'visits' ? { ...table, rows: 301 } : table));
    const text = serializeSidecar({ ...body, tables, largeObjects: 2 }, taken.stored.encryptionKey.reveal());
    const truth = readFileSync(`${taken.file}.meta`, 'utf8');
    writeFileSync(`${taken.file}.meta`, text);
    const name = fresh();
    const from = { ...taken, stored: { ...taken.stored, recordedHmac: null } };
    const result = await into(name, { from }).finally(() => writeFileSync(`${taken.file}.meta`, truth));
    expect(result.failure).to.include({ code: 'RESTORE_DIFFERS', exitCode: 5 });
    expect(result.findings).to.deep.equal([
      { kind: 'rows', object: 'public.visits', expected: 301, actual: 300 },
      { kind: 'large-objects', object: 'large objects', expected: 2, actual: 0 },
    ]);
    expect(await exists(name)).to.equal(true);
  });

  for (const replacement of REPLACEMENTS) {
    it(`makes no database of ${replacement.what}`, async () => {
      const name = fresh();
      const work = () => stopOf(into(name));
      expect(await whileReplaced(taken, others, replacement, work)).to.equal(replacement.stop);
      expect(await exists(name)).to.equal(false);
    });
  }

  it('makes no database of a damaged file, or with a wrong key', async () => {
    const whole = readFileSync(taken.file);
    const name = fresh();
    const damaged = Buffer.from(whole);
    damaged[100] = (damaged[100] ?? 0) ^ 1;
    writeFileSync(taken.file, damaged);
    expect(await stopOf(into(name)).finally(() => writeFileSync(taken.file, whole))).to.equal('checksum');
    const encryptionKey = new Secret(randomBytes(48).toString('base64'));
    const other = { ...taken, stored: { ...taken.stored, encryptionKey } };
    expect(await stopOf(into(name, { from: other }))).to.equal('KEY_UNKNOWN');
    expect(await exists(name)).to.equal(false);
  });

  it('a restore that is stopped leaves nothing; one that lost its place leaves its successor’s database alone', async () => {
    const stopAt = async (reason: Error) => {
      const name = fresh();
      const stop = new AbortController();
      const onProgress = ({ phase }: RestoreProgress) => {
        if (phase === 'data') stop.abort(reason);
      };
      await into(name, { onProgress, signal: stop.signal }).catch(() => {});
      return exists(name);
    };
    expect(await stopAt(new Error('told to stop'))).to.equal(false);
    expect(await stopAt(new SafekeepError('RUN_FENCED'))).to.equal(true);
  });
});
