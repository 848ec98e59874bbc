import type { SchemaPlan } from './plan-schema.js';
import type { Random } from './random.js';
import { nameOf, quoted } from './table-spec.js';

/** One statement that changes what pg_dump knows beside rows: an incremental after it has to be a full. */
export type SchemaChange = (plan: SchemaPlan, random: Random, serial: number) => string;

const table = (plan: SchemaPlan, random: Random) => nameOf(random.pick(plan.tables));
/** One whose rows are its own. */
const plainTable = (plan: SchemaPlan, random: Random) =>
  nameOf(random.pick(plan.tables.filter(({ leaves }) => leaves.length === 1)));

export const SCHEMA_CHANGES: Readonly<Record<string, SchemaChange>> = {
  'a column with a default': (plan, random, n) =>
    `ALTER TABLE ${table(plan, random)} ADD COLUMN "added ${n}" int DEFAULT 7`,
  'a column without one': (plan, random, n) =>
    `ALTER TABLE ${table(plan, random)} ADD COLUMN "added ${n}" text`,
  statistics: (plan, random) =>
    `ALTER TABLE ${nameOf(random.pick(plan.twins))} ALTER COLUMN v0 SET STATISTICS 77`,
  'another default': (plan) => `ALTER TABLE ${nameOf(plan.twins[0])} ALTER COLUMN v0 SET DEFAULT 'x'`,
  'another type': (plan) => `ALTER TABLE ${nameOf(plan.twins[0])} ALTER COLUMN v0 TYPE varchar(90)`,
  // pg_dump tells nothing of it, and rows keep their transactions: their values are gone all the same.
  'a column made anew': (plan) => `ALTER TABLE ${nameOf(plan.twins[1])} DROP COLUMN v0, ADD COLUMN v0 text`,
  'a new table': (_plan, _random, n) => `CREATE TABLE "new table ${n}" AS SELECT 1 AS x`,
  'a dropped table': (plan) => `DROP TABLE ${nameOf(plan.twins[1])}`,
  'a renamed table': (plan, random, n) =>
    `ALTER TABLE ${nameOf(random.pick(plan.twins))} RENAME TO "renamed ${n}"`,
  'a renamed column': (plan, random, n) =>
    `ALTER TABLE ${nameOf(random.pick(plan.twins))} RENAME COLUMN v0 TO "renamed ${n}"`,
  'an index': (plan) => `CREATE INDEX ON ${nameOf(plan.twins[0])} (v0)`,
  'a constraint': (plan, random, n) =>
    `ALTER TABLE ${nameOf(random.pick(plan.twins))} ADD CONSTRAINT "check ${n}" CHECK (k0 > -1)`,
  'a function': (plan) =>
    `CREATE OR REPLACE FUNCTION ${plan.types}.refuse() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION 'another'; END $f$`,
  'a view': (_plan, _random, n) => `CREATE VIEW "view ${n}" AS SELECT 1 AS x`,
  'a comment': (plan, random, n) => `COMMENT ON TABLE ${table(plan, random)} IS 'number ${n}'`,
  'a right': (plan, random) => `GRANT SELECT ON ${plainTable(plan, random)} TO pg_monitor`,
  'an enum label': (plan, _random, n) => `ALTER TYPE ${plan.types}.mood ADD VALUE 'added ${n}'`,
  'a sequence': (_plan, _random, n) => `ALTER SEQUENCE untouched INCREMENT ${n + 2}`,
  'a trigger': (plan, random, n) =>
    `CREATE TRIGGER "trigger ${n}" BEFORE TRUNCATE ON ${nameOf(random.pick(plan.twins))} EXECUTE FUNCTION ${plan.types}.refuse()`,
  'a policy': (plan, random, n) => `CREATE POLICY "policy ${n}" ON ${table(plan, random)}`,
  'a storage parameter': (plan) => `ALTER TABLE ${nameOf(plan.twins[1])} SET (fillfactor = 55)`,
  'an unlogged table': (plan) => `ALTER TABLE ${nameOf(plan.twins[0])} SET UNLOGGED`,
  'a detached partition': detachPartition,
  'an extension': () => 'CREATE EXTENSION intarray SCHEMA public',
  'a schema': (_plan, _random, n) => `CREATE SCHEMA ${quoted(`schema ${n}`)}`,
  'a replica identity': (plan, random) =>
    `ALTER TABLE ${nameOf(random.pick(plan.twins))} REPLICA IDENTITY FULL`,
  'a publication': (_plan, _random, n) => `CREATE PUBLICATION "publication ${n}" FOR ALL TABLES`,
};

/** Where no table has partitions, another change of the schema. */
function detachPartition(plan: SchemaPlan, _random: Random, n: number): string {
  const parent = plan.tables.find(
    ({ traits }) => traits.has('partitions by hash') || traits.has('partitions by range'),
  );
  const leaf = parent?.leaves[0];
  if (!parent || !leaf) return `CREATE TYPE ${plan.types}."type ${n}" AS (x int)`;
  return `ALTER TABLE ${nameOf(parent)} DETACH PARTITION ${nameOf(leaf)}`;
}
