import type { Random } from './random.js';
import { nameOf, quoted, type TableSpec } from './table-spec.js';

/** What the source's own sessions set, and a restore does not: triggers and rules act where it is not on. */
export const QUIET = 'property.quiet';
const LOUD = `current_setting('${QUIET}', true) IS DISTINCT FROM 'on'`;

/** Functions of the triggers that would fire in a restore. */
export const triggerFunctions = (schema: string): readonly string[] => [
  `CREATE FUNCTION ${schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION 'a trigger fired'; END $f$`,
  `CREATE FUNCTION ${schema}.swallow() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RETURN NULL; END $f$`,
];

/** What stands beside a filled table: triggers, rules and policies that would change a restore that lets them. */
export function decorations(table: TableSpec, types: string, random: Random): string[] {
  const sql: string[] = [];
  const name = nameOf(table);
  if (table.traits.has('triggers')) {
    const body = random.chance(0.5) ? 'refuse' : 'swallow';
    const trigger = quoted(`on ${random.between(1, 9)} "x"`);
    sql.push(
      `CREATE TRIGGER ${trigger} BEFORE INSERT OR UPDATE OR DELETE ON ${name} FOR EACH ROW WHEN (${LOUD}) EXECUTE FUNCTION ${types}.${body}()`,
    );
    if (random.chance(0.5)) sql.push(`ALTER TABLE ${name} ENABLE ALWAYS TRIGGER ${trigger}`);
    sql.push(
      `CREATE TRIGGER statement AFTER INSERT OR DELETE ON ${name} WHEN (${LOUD}) EXECUTE FUNCTION ${types}.refuse()`,
    );
    if (random.chance(0.5)) sql.push(`ALTER TABLE ${name} ENABLE REPLICA TRIGGER statement`);
    if (random.chance(0.3)) sql.push(`ALTER TABLE ${name} DISABLE TRIGGER statement`);
  }
  if (table.traits.has('rule')) {
    sql.push(`CREATE RULE r AS ON INSERT TO ${name} WHERE ${LOUD} DO INSTEAD NOTHING`);
    sql.push(`CREATE RULE d AS ON DELETE TO ${name} WHERE ${LOUD} DO INSTEAD NOTHING`);
    if (random.chance(0.5)) sql.push(`ALTER TABLE ${name} ENABLE ALWAYS RULE r`);
  }
  if (table.traits.has('row security')) {
    sql.push(`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY; CREATE POLICY nobody ON ${name} USING (false)`);
    if (random.chance(0.5)) sql.push(`ALTER TABLE ${name} FORCE ROW LEVEL SECURITY`);
  }
  return sql;
}
