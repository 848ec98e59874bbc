import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import { readArchiveToc } from '@safekeep/archive/read-toc';
import { Secret } from '@safekeep/shared/config/secret';
import { expect } from 'chai';
import { emptyDatabase, postgresServer, sql } from '../../../shared/test/servers.js';
import { schemaHash } from '../../src/incremental/schema-hash.js';
import { readSchemaFacts } from '../../src/postgres/schema-facts.js';
import { openSnapshot } from '../../src/postgres/snapshot.js';
import { whileThere } from '../jobs/odd-source.js';
import { realPrograms } from '../postgres/real-programs.js';
import { ODD_DATABASES } from '../process/odd-databases.js';

const SCHEMA = `
  CREATE EXTENSION hstore; CREATE TYPE state AS ENUM ('open'); CREATE TYPE pair AS (a int, b text);
  CREATE TABLE notes (id int PRIMARY KEY, note text DEFAULT 'x', p pair); INSERT INTO notes VALUES (1, 'a', '(1,b)');
  CREATE TABLE other (id int REFERENCES notes); CREATE SEQUENCE numbers; CREATE MATERIALIZED VIEW m AS SELECT 1 AS one;
  SELECT lo_from_bytea(4711, '\\x00'); COMMENT ON LARGE OBJECT 4711 IS 'before'`;

/** Each changes what stored rows mean, or what a restore makes. */
const DDL = [
  'ALTER TABLE notes ADD more int DEFAULT 7',
  `ALTER TABLE notes DROP note; ALTER TABLE notes ADD note text DEFAULT 'x'; ALTER TABLE notes DROP p; ALTER TABLE notes ADD p pair`,
  `ALTER TABLE other DROP id; ALTER TABLE other ADD id int REFERENCES notes`,
  'ALTER TYPE pair DROP ATTRIBUTE b; ALTER TYPE pair ADD ATTRIBUTE b text',
  'ALTER TABLE notes ALTER note TYPE varchar',
  'ALTER TABLE notes RENAME note TO text',
  `ALTER TYPE state RENAME VALUE 'open' TO 'shut'`,
  'CREATE INDEX ON notes (note)',
  'ALTER TABLE other DROP CONSTRAINT other_id_fkey',
  'ALTER TABLE notes SET (fillfactor = 50)',
  'CREATE TABLE more ()',
  'DROP TABLE other',
  'CREATE RULE quiet AS ON DELETE TO notes DO INSTEAD NOTHING',
  `COMMENT ON TABLE notes IS 'x'`,
  'GRANT SELECT ON notes TO PUBLIC',
  'CREATE EXTENSION citext',
  `UPDATE pg_extension SET extversion = '1.7' WHERE extname = 'hstore'`,
  `UPDATE pg_extension SET extconfig = ARRAY['notes'::regclass], extcondition = ARRAY['WHERE true'] WHERE extname = 'hstore'`,
];
const NO_DDL = [
  `INSERT INTO notes VALUES (2, 'b'); DELETE FROM notes WHERE id = 1`,
  'TRUNCATE notes, other',
  'VACUUM FULL notes',
  'ANALYZE',
  'SELECT nextval($$numbers$$)',
  'REFRESH MATERIALIZED VIEW m',
  `SELECT lo_create(4712); COMMENT ON LARGE OBJECT 4711 IS 'after'; GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC; SELECT lo_unlink(4712)`,
];

describe('the hash of a schema', function () {
  this.timeout(60_000);
  let programs: string;

  before(async () => {
    programs = (await realPrograms()).directory;
  });

  async function tocOf(database: string, ...options: string[]): Promise<readonly TocEntry[]> {
    const url = (await postgresServer()).url(database);
    const dump = spawn(join(programs, 'pg_dump'), ['-Fc', '-Z0', ...options, `--dbname=${url}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return (await readArchiveToc(dump.stdout)).entries;
  }

  async function hashOf(database: string, entries?: readonly TocEntry[]): Promise<string> {
    const url = new Secret((await postgresServer()).url(database));
    const snapshot = await openSnapshot({ name: 'main', url }, 5_000);
    try {
      const facts = await readSchemaFacts(snapshot.client);
      return schemaHash(entries ?? (await tocOf(database, '--schema-only')), facts);
    } finally {
      await snapshot.close();
    }
  }

  for (const odd of ODD_DATABASES) {
    it(`is that of a dump without data, in any order: ${odd.promise}`, () =>
      whileThere(odd, async () => {
        const full = await tocOf(odd.name);
        const bare = await tocOf(odd.name, '--schema-only');
        expect(full.length).to.be.above(bare.length);
        expect(await hashOf(odd.name, full)).to.equal(await hashOf(odd.name, bare));
        const moved = bare.map((entry, at) => ({ ...entry, dumpId: at + 1000, catalogOid: at })).reverse();
        expect(await hashOf(odd.name, moved)).to.equal(await hashOf(odd.name, bare));
      }));
  }

  describe('of one database', () => {
    let template: string;
    let unchanged: string;

    before(async () => {
      template = await emptyDatabase();
      await sql(template, SCHEMA);
      unchanged = await hashOf(await copy());
    });

    /** The name is part of the definitions. */
    async function copy(): Promise<string> {
      await sql('postgres', 'DROP DATABASE IF EXISTS schema_hash');
      await sql('postgres', `CREATE DATABASE schema_hash TEMPLATE ${template}`);
      return 'schema_hash';
    }

    for (const ddl of DDL) {
      it(`is another one after ${ddl}`, async () => {
        const database = await copy();
        await sql(database, ddl);
        expect(await hashOf(database)).to.not.equal(unchanged);
      });
    }
    for (const change of NO_DDL) {
      it(`is the same after ${change}`, async () => {
        const database = await copy();
        await sql(database, change);
        expect(await hashOf(database)).to.equal(unchanged);
      });
    }
  });
});
