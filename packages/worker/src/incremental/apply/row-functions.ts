import { STAGING_SCHEMA as S } from '@safekeep/archive/compare-contents';
import pg from 'pg';
import { rowHash } from '../../postgres/row-hash.js';

const CONTENT = `
BEGIN
  EXECUTE format('SELECT count(*), coalesce(sum(%s), 0) FROM ONLY %s %s', ${S}.row_number(hashed), relation, filter)
  INTO rows, sum;
END`;

/**
 * Deletes rows and gives the sum of their hashes. Of a table that is published without an identity of rows nothing may be
 * deleted, not even nothing: where rows could only be added, none is looked for.
 */
const REMOVE = `
DECLARE
  removed numeric;
  there boolean := true;
BEGIN
  IF t.filter <> '' THEN
    condition := format('%s AND t.ctid IN (SELECT ctid FROM ONLY %s %s)', condition, t.relation, t.filter);
  END IF;
  IF EXISTS (SELECT FROM pg_publication) THEN
    EXECUTE format('SELECT EXISTS (SELECT FROM ONLY %s t WHERE %s)', t.relation, condition) INTO there;
  END IF;
  IF NOT there THEN RETURN 0; END IF;
  EXECUTE format('WITH removed AS (DELETE FROM ONLY %s t WHERE %s RETURNING %s AS h) SELECT coalesce(sum(h), 0) FROM removed',
    t.relation, condition, ${S}.row_number(t.hashed)) INTO removed;
  RETURN removed;
END`;

/** TRUNCATE takes no time and leaves no dead rows, but not from a table that another refers to. */
const EMPTY = `
BEGIN
  IF t.filter <> '' OR EXISTS (SELECT FROM pg_constraint k
    WHERE k.contype = 'f' AND k.confrelid = t.relation::regclass AND k.conrelid <> k.confrelid)
  THEN RETURN ${S}.remove(t, 'true'); END IF;
  EXECUTE format('TRUNCATE ONLY %s', t.relation);
  RETURN t.sum;
END`;

const REPLACE_ROWS = `
DECLARE
  t ${S}.changed;
  removed numeric;
BEGIN
  FOR t IN SELECT * FROM ${S}.changed ORDER BY n LOOP
    IF t.same_as_new IS NULL THEN
      removed := ${S}.empty(t);
    ELSE
      removed := ${S}.remove(t, t.same_as_new);
      IF t.gone IS NOT NULL THEN removed := removed + ${S}.remove(t, t.gone); END IF;
    END IF;
    UPDATE ${S}.changed SET removed_sum = removed WHERE n = t.n;
    EXECUTE format('INSERT INTO %s %s OVERRIDING SYSTEM VALUE SELECT %s FROM ${S}.r%s', t.relation, t.inserted, t.selected, t.n);
  END LOOP;
END`;

const CHECK_RESULT = `
DECLARE
  t record;
  there record;
BEGIN
  FOR t IN SELECT * FROM ${S}.changed ORDER BY n LOOP
    SELECT * INTO there FROM ${S}.content(t.relation, t.filter, t.hashed);
    IF there.rows <> t.rows_after THEN
      PERFORM ${S}.refuse('SK003', format('%s would have %s rows instead of %s', t.relation, there.rows, t.rows_after));
    END IF;
    IF there.sum <> t.sum - t.removed_sum + t.new_sum THEN
      PERFORM ${S}.refuse('SK003', format('%s would have other values than in the source', t.relation));
    END IF;
  END LOOP;
END`;

/** setval() alone survives a transaction that is rolled back; on what ALTER SEQUENCE made anew it does not. */
const SET_SEQUENCES = `
DECLARE
  s record;
  there record;
BEGIN
  FOR s IN SELECT * FROM ${S}.sequences LOOP
    EXECUTE format('SELECT last_value, is_called FROM %s', s.relation) INTO there;
    CONTINUE WHEN (there.last_value, there.is_called) = (s.last_value, s.is_called);
    EXECUTE format('ALTER SEQUENCE %s RESTART', s.relation);
    PERFORM setval(s.relation::regclass, s.last_value, s.is_called);
  END LOOP;
END`;

/** SQL that gives SQL: a row's hash as a number, as a fingerprint has it. It names the hash once, so that no plan computes it twice. */
function rowNumber(encoding: string): string {
  return `
BEGIN
  RETURN format(${pg.escapeLiteral(`('x' || encode(substr(${rowHash('%s', encoding)}, 1, 8), 'hex'))::bit(64)::int8`)}, hashed);
END`;
}

export function rowFunctions(encoding: string): (readonly [signature: string, body: string])[] {
  return [
    ['row_number(hashed text) RETURNS text', rowNumber(encoding)],
    ['content(relation text, filter text, hashed text, OUT rows bigint, OUT sum numeric)', CONTENT],
    [`remove(t ${S}.changed, condition text) RETURNS numeric`, REMOVE],
    [`empty(t ${S}.changed) RETURNS numeric`, EMPTY],
    ['replace_rows() RETURNS void', REPLACE_ROWS],
    ['check_result() RETURNS void', CHECK_RESULT],
    ['set_sequences() RETURNS void', SET_SEQUENCES],
  ];
}
