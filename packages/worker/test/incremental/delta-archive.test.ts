import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { emptyDatabase, postgresServer, sql } from '../../../shared/test/servers.js';
import { createDeltaArchive } from '../../src/incremental/delta-archive.js';
import type { DeltaPlan, DeltaRows, DeltaTable } from '../../src/incremental/delta-plan.js';
import { HASH_NUMBER, rowHash } from '../../src/postgres/row-hash.js';
import { realPrograms } from '../postgres/real-programs.js';

const SCHEMA = `
  CREATE TABLE patients (id integer PRIMARY KEY, name text NOT NULL, mother integer REFERENCES patients DEFERRABLE,
    upper_name text GENERATED ALWAYS AS (upper(name)) STORED);
  CREATE TABLE visits (patient integer REFERENCES patients, at date);
  CREATE TABLE clinics (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text);
  CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''a trigger fired''; END';
  INSERT INTO patients VALUES (1, 'ann', NULL), (2, 'bob', 1), (3, 'cyd', 2), (4, 'dan', NULL);
  INSERT INTO visits VALUES (1, '2024-01-01'), (2, '2024-01-02');
  INSERT INTO clinics (name) VALUES ('north'), ('south');
  CREATE MATERIALIZED VIEW names AS SELECT name FROM patients;
  CREATE TRIGGER refuse BEFORE INSERT OR DELETE ON patients FOR EACH ROW EXECUTE FUNCTION refuse();
  CREATE TRIGGER always AFTER INSERT OR DELETE ON visits FOR EACH ROW EXECUTE FUNCTION refuse();
  ALTER TABLE visits ENABLE ALWAYS TRIGGER always;`;

const CHANGE = `
  SET session_replication_role = replica;
  ALTER TABLE visits DISABLE TRIGGER always;
  UPDATE patients SET name = E'bo\\tb\\\\' WHERE id = 2;
  DELETE FROM patients WHERE id = 4;
  INSERT INTO patients VALUES (7, 'eve', 2);
  INSERT INTO visits VALUES (7, '2024-02-02');
  ALTER TABLE visits ENABLE ALWAYS TRIGGER always;`;

const TABLES = {
  patients: { staged: ['id', 'name', 'mother'], values: 'id, mother, name' },
  visits: { staged: ['patient', 'at'], values: 'at, patient' },
};

async function measure(database: string, table: string, values: string, where = 'true') {
  const [row] = await sql<{ rows: number; sum: string }>(
    database,
    `SELECT count(*) AS rows, coalesce(sum(${HASH_NUMBER}), 0)::text AS sum
     FROM (SELECT ${rowHash(values, 'UTF8')} AS h FROM ${table} WHERE ${where}) t`,
  );
  return { rows: Number(row?.rows), sum: row?.sum ?? '' };
}

async function planOf(base: string, source: string): Promise<DeltaPlan> {
  const { patients, visits } = TABLES;
  const changed: DeltaTable[] = [
    {
      ...{
        schema: 'public',
        name: 'patients',
        filter: null,
        staged: patients.staged,
        inserted: patients.staged,
      },
      hashedValues: patients.values,
      base: await measure(base, 'patients', patients.values),
      newRows: await measure(source, 'patients', patients.values, 'id IN (2, 7)'),
      rowsAfter: 4,
      replace: {
        key: [{ name: 'id', equals: 'OPERATOR(pg_catalog.=)' }],
        kept: {
          chunking: { column: 'id', asText: false, type: 'integer', bounds: '{4}' },
          chunks: [1],
          rows: 0,
        },
      },
    },
    {
      ...{ schema: 'public', name: 'visits', filter: null, staged: visits.staged, inserted: visits.staged },
      hashedValues: visits.values,
      base: await measure(base, 'visits', visits.values),
      newRows: await measure(source, 'visits', visits.values),
      rowsAfter: 3,
      replace: null,
    },
  ];
  return {
    base: { id: 'b', fileName: 'full_backup_20240101_000000.pgdump.enc.gz' },
    increment: { id: 'i', fileName: 'incremental_backup_20240101_060000.pgdump.enc.gz' },
    ...{ encoding: 'UTF8', database: source, serverVersion: '15.1', pgDumpVersion: '15.1', changed },
    unchanged: [{ schema: 'public', name: 'clinics', filter: null, rows: 2 }],
    sequences: [{ schema: 'public', name: 'clinics_id_seq', lastValue: '41', isCalled: true }],
    refresh: [{ schema: 'public', name: 'names', populated: true }],
  };
}

const ROWS: DeltaRows = {
  newRows: ({ name }) =>
    Readable.from([
      Buffer.from(
        name === 'patients'
          ? '2\tbo\\tb\\\\\t1\n7\teve\t2\n'
          : '1\t2024-01-01\n2\t2024-01-02\n7\t2024-02-02\n',
      ),
    ]),
  keptKeys: () => Readable.from([]),
};

async function apply(archive: Readable, database: string, env: NodeJS.ProcessEnv = {}) {
  const { directory } = await realPrograms();
  const child = spawn(join(directory, 'pg_restore'), ['-d', (await postgresServer()).url(database)], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'inherit', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  await pipeline(archive, child.stdin).catch(() => {});
  return { exit: await ended, stderr };
}

const contents = (database: string) =>
  sql(
    database,
    `SELECT 'p', id, name, mother, upper_name, NULL::date AS at FROM patients UNION ALL SELECT 'v', patient, NULL, NULL, NULL, at FROM visits
     UNION ALL SELECT 'n', NULL, name, NULL, NULL, NULL FROM names UNION ALL SELECT 's', last_value, NULL, NULL, NULL, NULL FROM clinics_id_seq ORDER BY 1, 2, 3`,
  );

describe('the delta archive', () => {
  let base: string;
  let source: string;
  let plan: DeltaPlan;

  before(async () => {
    base = await emptyDatabase();
    await sql(base, SCHEMA);
    source = `${base}_source`;
    await sql('postgres', `CREATE DATABASE ${source} TEMPLATE ${base}`);
    await sql(source, CHANGE);
    await sql(source, "REFRESH MATERIALIZED VIEW names; SELECT setval('clinics_id_seq', 41)");
    plan = await planOf(base, source);
  });

  async function copy(): Promise<string> {
    const name = `${base}_${Math.random().toString(36).slice(2)}`;
    await sql('postgres', `CREATE DATABASE ${name} TEMPLATE ${base}`);
    return name;
  }

  it('turns a restored base into what the increment saw, and no trigger fires', async () => {
    const target = await copy();
    const { exit, stderr } = await apply(createDeltaArchive(plan, ROWS), target);
    expect(stderr).to.equal('');
    expect(exit).to.equal(0);
    expect(await contents(target)).to.deep.equal(await contents(source));
    expect(await sql(target, "SELECT FROM pg_namespace WHERE nspname = 'safekeep_delta'")).to.deep.equal([]);
    const [trigger] = await sql(target, "SELECT tgenabled FROM pg_trigger WHERE tgname = 'always'");
    expect(trigger).to.deep.equal({ tgenabled: 'A' });
  });

  it('is refused the second time, and changes nothing', async () => {
    const target = await copy();
    await apply(createDeltaArchive(plan, ROWS), target);
    const { exit, stderr } = await apply(createDeltaArchive(plan, ROWS), target);
    expect(exit).to.equal(1);
    expect(stderr).to.contain('is not its base').and.to.contain('Nothing was changed');
    expect(await contents(target)).to.deep.equal(await contents(source));
    expect(await sql(target, "SELECT FROM pg_namespace WHERE nspname = 'safekeep_delta'")).to.deep.equal([]);
  });

  it('is refused on a base in which a value was changed', async () => {
    const target = await copy();
    await sql(target, "UPDATE patients SET name = 'zoe' WHERE id = 3");
    const before = await contents(target);
    const { stderr } = await apply(createDeltaArchive(plan, ROWS), target);
    expect(stderr).to.contain('table public.patients holds other values than the base');
    expect(await contents(target)).to.deep.equal(before);
  });

  it('is applied by the owner of the tables, who is no superuser, and foreign keys come back', async () => {
    const target = await copy();
    const role = `${target}_owner`;
    await sql('postgres', `CREATE ROLE ${role} LOGIN; GRANT CREATE ON DATABASE ${target} TO ${role}`);
    await sql(
      target,
      `ALTER SCHEMA public OWNER TO ${role}; ALTER TABLE patients OWNER TO ${role}; ALTER TABLE visits OWNER TO ${role};
       ALTER TABLE clinics OWNER TO ${role}; ALTER MATERIALIZED VIEW names OWNER TO ${role}`,
    );
    const keys =
      "SELECT conname, pg_get_constraintdef(oid) AS def FROM pg_constraint WHERE contype = 'f' ORDER BY 1";
    const before = await sql(target, keys);
    const { stderr } = await apply(createDeltaArchive(plan, ROWS), target, { PGOPTIONS: `-c role=${role}` });
    expect(stderr).to.equal('');
    expect(await contents(target)).to.deep.equal(await contents(source));
    expect(await sql(target, keys)).to.deep.equal(before);
  });

  it('applies only the tables that are asked for', async () => {
    const target = await copy();
    await sql(target, 'DROP TABLE visits');
    const only = JSON.stringify([['public', 'patients']]).replaceAll(' ', '');
    const { stderr } = await apply(createDeltaArchive(plan, ROWS), target, {
      PGOPTIONS: `-c safekeep.only=${only}`,
    });
    expect(stderr).to.contain('relation "public.visits" does not exist');
    expect(stderr).not.to.contain('was not applied');
    expect(await sql(target, 'SELECT id FROM patients ORDER BY id')).to.deep.equal([
      { id: 1 },
      { id: 2 },
      { id: 3 },
      { id: 7 },
    ]);
  });
});
