import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { sql } from '../../../../shared/test/servers.js';
import { findPrograms, type PostgresPrograms, programDirectories } from '../../../src/postgres/program.js';
import { type Archive, apply, archiveOf, copyOf, differences, type Pair, pairOf, sorted } from './pair.js';

const CLINIC = `
  CREATE TABLE patients (id int PRIMARY KEY, name text, owed money); INSERT INTO patients SELECT g, 'n' || g, g FROM generate_series(1, 500) g;
  CREATE TABLE rooms (id int PRIMARY KEY); INSERT INTO rooms VALUES (1), (2); CREATE SEQUENCE numbers;
  CREATE TABLE visits (patient int REFERENCES patients, note text); INSERT INTO visits VALUES (1, 'x');
  CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM patients;
  CREATE MATERIALIZED VIEW fragile AS SELECT 1 / (count(*) - 501) AS q FROM patients;`;

const CHANGES = `
  UPDATE patients SET name = 'new', owed = 1234.56 WHERE id < 9; DELETE FROM patients WHERE id = 77; INSERT INTO patients VALUES (900, NULL, -0.5), (901, 'x', NULL);
  INSERT INTO visits VALUES (900, 'y'); SELECT setval('numbers', 9); REFRESH MATERIALIZED VIEW counted;`;

describe('a delta archive elsewhere', function () {
  this.timeout(60_000);
  let pair: Pair;
  let source: string;
  let archive: Archive;

  before(async () => {
    pair = await pairOf(CLINIC);
    await sql(pair.source, CHANGES);
    source = await sorted(pair.source);
    archive = await archiveOf(pair);
  });

  it('lists what is inside, by table', async () => {
    const { stderr } = await apply(archive, 'postgres', { options: ['-l', '>&2'] });
    expect(stderr).to.contain('NEW ROWS OF public.patients safekeep_delta r0');
    expect(stderr).to.contain('KEPT KEYS OF public.patients safekeep_delta k0');
    expect(stderr).to.match(/SAFEKEEP - apply incremental_backup_\S+ to full_backup_/);
    expect(stderr).to.contain('2 tables changed, 1 unchanged, 1 sequences');
    expect(stderr).to.contain('refresh public.counted');
  });

  it('a view that cannot be refreshed is told, and loses no row', async () => {
    const target = await copyOf(pair.base.database);
    const { code, stderr } = await apply(archive, target);
    expect(code).to.equal(1);
    expect(stderr).to.contain('division by zero').and.to.contain('errors ignored on restore: 1');
    expect(differences(await sorted(target), source)).to.deep.equal([]);
  });

  it('with --single-transaction such a view takes all back, sequences too', async () => {
    const target = await copyOf(pair.base.database);
    const { stderr } = await apply(archive, target, { options: ['--single-transaction'] });
    expect(stderr).to.contain('division by zero');
    expect(differences(await sorted(target), await sorted(pair.base.database))).to.deep.equal([]);
  });

  for (const major of [12, 13, 14, 15, 16, 17, 18]) {
    it(`is applied by pg_restore ${major}`, async function () {
      const directory = (await programs()).find((found) => found.major === major)?.directory;
      if (directory === undefined) {
        process.stderr.write(`      SKIPPED: there is no pg_restore ${major} on PATH\n`);
        return this.skip();
      }
      for (const options of [[], ['-j', '2']]) {
        const target = await copyOf(pair.base.database);
        const { stderr } = await apply(archive, target, { directory, options });
        expect(stderr).to.contain('division by zero');
        expect(differences(await sorted(target), source)).to.deep.equal([]);
      }
      return undefined;
    });
  }

  it('some tables alone are guarded and changed where a setting names them', async () => {
    const target = await copyOf(pair.base.database);
    await sql(target, 'DROP TABLE visits; INSERT INTO rooms VALUES (3); DROP MATERIALIZED VIEW fragile');
    const { stderr } = await apply(archive, target, { only: [['public', 'patients']] });
    expect(stderr).not.to.match(/SK00|ERROR/);
    const rows = 'SELECT * FROM patients ORDER BY id';
    expect(await sql(target, rows)).to.deep.equal(await sql(pair.source, rows));
    expect(await sql(target, 'SELECT last_value FROM numbers')).to.deep.equal([{ last_value: 9 }]);
  });

  it('a role that lacks a right is told which, and nothing is changed', async () => {
    const role = `stranger_${randomBytes(4).toString('hex')}`;
    const target = await copyOf(pair.base.database);
    await sql(
      target,
      `CREATE ROLE ${role} LOGIN PASSWORD '${role}'; GRANT CREATE ON DATABASE ${target} TO ${role}`,
    );
    await sql(
      target,
      `GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}; GRANT USAGE, SELECT ON SEQUENCE numbers TO ${role}`,
    );
    const before = await sorted(target);
    const { stderr } = await apply(archive, target, { role });
    expect(stderr).to.match(
      /SK004: the role stranger_\w+ may not do all that this takes: permission denied for table patients/,
    );
    expect(stderr).to.contain('HINT:  Let the owner of all its tables');
    expect(differences(await sorted(target), before)).to.deep.equal([]);
  });

  it('an event trigger that keeps a journal of DDL does not make the target another one', async () => {
    const target = await copyOf(pair.base.database);
    await sql(
      target,
      `CREATE FUNCTION journal() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.rooms SELECT max(id) + 1 FROM public.rooms; END $$;
       CREATE EVENT TRIGGER journal ON ddl_command_end EXECUTE FUNCTION journal()`,
    );
    expect((await apply(archive, target)).stderr).not.to.contain('SK001');
    expect(await sql(target, 'SELECT count(*) AS n FROM rooms')).to.deep.equal([{ n: 2 }]);
  });

  for (const encoding of ['LATIN1', 'SQL_ASCII', 'EUC_JP']) {
    it(`keeps the text of a database in ${encoding}`, async () => {
      const database = `${encoding.toLowerCase()}_${randomBytes(4).toString('hex')}`;
      await sql(
        'postgres',
        `CREATE DATABASE ${database} TEMPLATE template0 ENCODING '${encoding}' LOCALE 'C'`,
      );
      const word = encoding === 'EUC_JP' ? '患者' : 'Größe';
      const there = await pairOf(
        `CREATE TABLE "${word}" (id int PRIMARY KEY, "${word}1" text); INSERT INTO "${word}" SELECT g, '${word}' FROM generate_series(1, 50) g`,
        database,
      );
      await sql(database, `UPDATE "${word}" SET "${word}1" = '${word}!' WHERE id < 3`);
      const odd = `UPDATE "${word}" SET "${word}1" = convert_from('\\xff5c', 'SQL_ASCII') WHERE id = 9`;
      if (encoding === 'SQL_ASCII') await sql(database, odd);
      const target = await copyOf(there.base.database);
      expect(await apply(await archiveOf(there), target)).to.deep.equal({ code: 0, stderr: '' });
      expect(differences(await sorted(target), await sorted(there.source))).to.deep.equal([]);
    });
  }
});

async function programs(): Promise<PostgresPrograms[]> {
  return findPrograms(await programDirectories(process.env.PATH ?? ''));
}
