import { STAGING_SCHEMA as S } from '@safekeep/archive/compare-contents';

/** Leaves of the instructions only the tables that the setting `safekeep.only` names, where it is set: the others are not there. */
const CHOOSE = `
DECLARE
  only_these jsonb := nullif(current_setting('safekeep.only', true), '')::jsonb;
  chosen text[] := ARRAY(SELECT e::text FROM jsonb_array_elements(only_these) e);
BEGIN
  IF only_these IS NULL THEN RETURN true; END IF;
  DELETE FROM ${S}.changed t WHERE jsonb_build_array(t.schema, t.name)::text <> ALL (chosen);
  DELETE FROM ${S}.unchanged t WHERE jsonb_build_array(t.schema, t.name)::text <> ALL (chosen);
  DELETE FROM ${S}.sequences s WHERE to_regclass(s.relation) IS NULL;
  RETURN false;
END`;

/** Waits for those who write to the tables that change, and keeps others from it. Row security must hide nothing. */
const LOCK = `
DECLARE
  t record;
BEGIN
  FOR t IN SELECT relation, true AS changes FROM ${S}.changed UNION ALL SELECT relation, false FROM ${S}.unchanged
  LOOP
    IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = to_regclass(t.relation) AND c.relkind = 'r') THEN
      PERFORM ${S}.not_the_base(format('it has no table %s', t.relation));
    END IF;
    IF t.changes THEN EXECUTE format('LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE', t.relation); END IF;
    IF row_security_active(t.relation) THEN
      PERFORM ${S}.change(format('ALTER TABLE ONLY %s NO FORCE ROW LEVEL SECURITY', t.relation),
        format('ALTER TABLE ONLY %s FORCE ROW LEVEL SECURITY', t.relation));
    END IF;
  END LOOP;
  FOR t IN SELECT relation FROM ${S}.sequences WHERE to_regclass(relation) IS NULL LOOP
    PERFORM ${S}.not_the_base(format('it has no sequence %s', t.relation));
  END LOOP;
END`;

/** Compares every table with the base: all by their rows, those that change by their contents. */
const GUARD = `
DECLARE
  t record;
  there record;
BEGIN
  FOR t IN SELECT * FROM ${S}.unchanged ORDER BY relation LOOP
    EXECUTE format('SELECT count(*) AS rows FROM ONLY %s %s', t.relation, t.filter) INTO there;
    IF there.rows <> t.rows THEN PERFORM ${S}.not_the_base(${S}.rows_differ(t.relation, there.rows, t.rows)); END IF;
  END LOOP;
  FOR t IN SELECT * FROM ${S}.changed ORDER BY n LOOP
    SELECT * INTO there FROM ${S}.content(t.relation, t.filter, t.hashed);
    IF there.rows <> t.rows THEN PERFORM ${S}.not_the_base(${S}.rows_differ(t.relation, there.rows, t.rows)); END IF;
    IF there.sum <> t.sum THEN
      PERFORM ${S}.not_the_base(format('%s has other values than in the base', t.relation));
    END IF;
  END LOOP;
EXCEPTION WHEN undefined_column OR undefined_table OR undefined_function OR undefined_object THEN
  PERFORM ${S}.not_the_base(format('%s is another table than in the base (%s)', t.relation, SQLERRM));
END`;

/** Compares what was staged with what the archive was made of. */
const CHECK_STAGED = `
DECLARE
  t record;
  there record;
  staged text;
BEGIN
  FOR t IN SELECT * FROM ${S}.changed ORDER BY n LOOP
    staged := format('${S}.r%s', t.n);
    IF to_regclass(staged) IS NULL THEN PERFORM ${S}.not_as_made('new rows', t.relation); END IF;
    EXECUTE format('ANALYZE %s', staged);
    SELECT * INTO there FROM ${S}.content(staged, '', t.hashed);
    IF (there.rows, there.sum) <> (t.new_rows, t.new_sum) THEN PERFORM ${S}.not_as_made('new rows', t.relation); END IF;
    CONTINUE WHEN t.gone IS NULL;
    staged := format('${S}.k%s', t.n);
    IF to_regclass(staged) IS NULL THEN PERFORM ${S}.not_as_made('keys', t.relation); END IF;
    EXECUTE format('ANALYZE %s', staged);
    EXECUTE format('SELECT count(*) AS rows FROM %s', staged) INTO there;
    IF there.rows <> t.kept_rows THEN PERFORM ${S}.not_as_made('keys', t.relation); END IF;
  END LOOP;
END`;

export const GUARD_FUNCTIONS: readonly (readonly [signature: string, body: string])[] = [
  ['choose() RETURNS boolean', CHOOSE],
  ['lock_tables() RETURNS void', LOCK],
  ['guard() RETURNS void', GUARD],
  ['check_staged() RETURNS void', CHECK_STAGED],
];
