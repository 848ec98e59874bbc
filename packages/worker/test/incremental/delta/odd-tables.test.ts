import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { sql } from '../../../../shared/test/servers.js';
import { ANY_WAY, ODD_CHANGES, ODD_TABLES } from './odd-tables.js';
import { type Archive, apply, archiveOf, copyOf, differences, type Pair, pairOf, sorted } from './pair.js';

/** States of what is set aside while rows move, and flags that pg_dump does not tell. */
const STATES = `
  SELECT 'trigger', tgrelid::regclass::text, regexp_replace(tgname, '\\d+', ''), tgenabled::text, tgdeferrable::text || tginitdeferred FROM pg_trigger
  UNION ALL SELECT 'rule', ev_class::regclass::text, rulename, ev_enabled::text, '' FROM pg_rewrite WHERE ev_class > 16383
  UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated::text || obj_description(oid, 'pg_constraint')
    FROM pg_constraint WHERE connamespace::regnamespace::text !~ '^pg_|^information'
  UNION ALL SELECT 'class', oid::regclass::text, relreplident::text, relforcerowsecurity::text, relrowsecurity::text FROM pg_class WHERE oid > 16383
    AND relname !~ '^pg_toast'
  ORDER BY 1, 2, 3, 4, 5`;

describe('a delta archive of odd tables', function () {
  this.timeout(120_000);
  let pair: Pair;
  let source: string;
  let archive: Archive;

  before(async () => {
    pair = await pairOf(ODD_TABLES);
    await sql(pair.source, ODD_CHANGES);
    source = await sorted(pair.source);
    archive = await archiveOf(pair);
  });

  async function isTheSource(database: string): Promise<void> {
    expect(differences(await sorted(database), source)).to.deep.equal([]);
    expect(await sql(database, STATES)).to.deep.equal(await sql(pair.base.database, STATES));
  }

  it('makes them what they are in the source, and leaves triggers, rules and keys as they were', async () => {
    const target = await copyOf(pair.base.database);
    expect(await apply(archive, target)).to.deep.equal({ code: 0, stderr: '' });
    await isTheSource(target);
  });

  it('does so where all rows of some are replaced, and where publications ask for an identity of rows', async () => {
    const target = await copyOf(pair.base.database);
    await sql(
      target,
      `CREATE PUBLICATION a_few FOR TABLE children, later, no_key, only_added, refers, triggered, trees;
       ALTER TABLE children REPLICA IDENTITY NOTHING`,
    );
    const replacing = await archiveOf(pair, { whole: ANY_WAY });
    expect(await apply(replacing, target)).to.deep.equal({ code: 0, stderr: '' });
    await sql(target, 'DROP PUBLICATION a_few; ALTER TABLE children REPLICA IDENTITY DEFAULT');
    await isTheSource(target);
  });

  it('does so as their owner, who is no superuser and may not be a replica', async () => {
    const role = `owner_${randomBytes(4).toString('hex')}`;
    const target = await copyOf(pair.base.database);
    await sql(
      target,
      `CREATE ROLE ${role} LOGIN PASSWORD '${role}'; ALTER DATABASE ${target} OWNER TO ${role};
       DO $$ DECLARE s text; BEGIN
         FOR s IN SELECT format('ALTER %s %s OWNER TO ${role}', CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, c.oid::regclass)
           FROM pg_class c WHERE c.oid > 16383 AND relkind IN ('r', 'p', 'm', 'S') AND relnamespace::regnamespace::text !~ '^pg_'
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i', 'e') AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND relkind = 'S')
         LOOP EXECUTE s; END LOOP;
         FOR s IN SELECT format('ALTER SCHEMA %I OWNER TO ${role}', nspname) FROM pg_namespace WHERE nspname ~ '^odd|^public' LOOP EXECUTE s; END LOOP;
       END $$`,
    );
    expect(await apply(archive, target, { role })).to.deep.equal({ code: 0, stderr: '' });
    const states = await sql(target, STATES);
    expect(states).to.deep.equal(await sql(pair.base.database, STATES));
    await sql(target, `REASSIGN OWNED BY ${role} TO safekeep_super`);
    expect(differences(withoutOwners(await sorted(target)), withoutOwners(source))).to.deep.equal([]);
  });
});

function withoutOwners(text: string): string {
  return text.replace(/^(ALTER .* OWNER TO|GRANT|REVOKE) .*\n/gm, '');
}
