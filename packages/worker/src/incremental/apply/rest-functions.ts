import { STAGING_SCHEMA as S } from '@safekeep/archive/compare-contents';

/** Changes the schema for the time of the transaction; `back` undoes it. */
const CHANGE = `
BEGIN
  EXECUTE statement;
  INSERT INTO ${S}.back (statement) VALUES (undo);
END`;

/**
 * Nothing of the target's own may act on rows that are moved: they are as the source's triggers, rules and foreign keys
 * left them. As a replica only what is enabled for replicas acts; a role that may not be one sets all of it aside by name.
 */
const PUT_TO_REST = `
DECLARE
  replica boolean := true;
  acting "char"[] := '{A,R}';
BEGIN
  BEGIN
    SET LOCAL session_replication_role = replica;
  EXCEPTION WHEN insufficient_privilege THEN
    replica := false;
    acting := '{O,A,R}';
  END;
  PERFORM ${S}.disable_triggers(acting);
  PERFORM ${S}.disable_rules(acting);
  IF NOT replica THEN PERFORM ${S}.drop_foreign_keys(); END IF;
  PERFORM ${S}.identify_rows();
END`;

/** Triggers that a constraint made by itself are left: they belong to foreign keys and deferrable unique keys. */
const DISABLE_TRIGGERS = `
DECLARE
  found record;
BEGIN
  FOR found IN
    SELECT t.tgrelid::regclass AS relation, t.tgname AS name, t.tgenabled AS state FROM pg_trigger t
    JOIN ${S}.changed ON changed.relation::regclass = t.tgrelid LEFT JOIN pg_constraint c ON c.oid = t.tgconstraint
    WHERE t.tgenabled = ANY (states) AND (c.oid IS NULL OR c.contype = 't')
  LOOP
    PERFORM ${S}.change(format('ALTER TABLE ONLY %s DISABLE TRIGGER %I', found.relation, found.name),
      format('ALTER TABLE ONLY %s ENABLE %s TRIGGER %I', found.relation, ${S}.state(found.state), found.name));
  END LOOP;
END`;

const DISABLE_RULES = `
DECLARE
  found record;
BEGIN
  FOR found IN
    SELECT r.ev_class::regclass AS relation, r.rulename AS name, r.ev_enabled AS state FROM pg_rewrite r
    JOIN ${S}.changed ON changed.relation::regclass = r.ev_class WHERE r.ev_enabled = ANY (states)
  LOOP
    PERFORM ${S}.change(format('ALTER TABLE %s DISABLE RULE %I', found.relation, found.name),
      format('ALTER TABLE %s ENABLE %s RULE %I', found.relation, ${S}.state(found.state), found.name));
  END LOOP;
END`;

const STATE = `
BEGIN
  RETURN CASE state WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END;
END`;

/** From and to the tables that change; of a partitioned table the one that its partitions have it from. */
const DROP_FOREIGN_KEYS = `
DECLARE
  found record;
BEGIN
  FOR found IN
    WITH RECURSIVE touching AS (
      SELECT k.oid, k.conparentid FROM pg_constraint k
      WHERE k.contype = 'f' AND EXISTS (SELECT FROM ${S}.changed WHERE changed.relation::regclass IN (k.conrelid, k.confrelid))
      UNION SELECT k.oid, k.conparentid FROM touching t JOIN pg_constraint k ON k.oid = t.conparentid)
    SELECT k.conrelid::regclass AS relation, k.conname AS name, pg_get_constraintdef(k.oid) AS definition,
      obj_description(k.oid, 'pg_constraint') AS remark
    FROM pg_constraint k JOIN touching t ON t.oid = k.oid WHERE k.conparentid = 0 ORDER BY k.oid DESC
  LOOP
    IF found.remark IS NOT NULL THEN
      INSERT INTO ${S}.back (statement)
      VALUES (format('COMMENT ON CONSTRAINT %I ON %s IS %L', found.name, found.relation, found.remark));
    END IF;
    PERFORM ${S}.change(format('ALTER TABLE %s DROP CONSTRAINT %I', found.relation, found.name),
      format('ALTER TABLE %s ADD CONSTRAINT %I %s', found.relation, found.name, found.definition));
  END LOOP;
END`;

/** A publication lets nobody delete from a table whose rows have no identity. */
const IDENTIFY_ROWS = `
DECLARE
  found record;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_publication) THEN RETURN; END IF;
  FOR found IN
    SELECT changed.relation, c.relreplident AS identity FROM ${S}.changed JOIN pg_class c ON c.oid = changed.relation::regclass
    WHERE c.relreplident = 'n'
      OR (c.relreplident = 'd' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indimmediate))
  LOOP
    PERFORM ${S}.change(format('ALTER TABLE ONLY %s REPLICA IDENTITY FULL', found.relation),
      format('ALTER TABLE ONLY %s REPLICA IDENTITY %s', found.relation,
        CASE found.identity WHEN 'n' THEN 'NOTHING' ELSE 'DEFAULT' END));
  END LOOP;
END`;

const SET_BACK = `
DECLARE
  found record;
BEGIN
  SET CONSTRAINTS ALL IMMEDIATE;
  FOR found IN SELECT statement FROM ${S}.back ORDER BY n DESC LOOP EXECUTE found.statement; END LOOP;
END`;

export const REST_FUNCTIONS: readonly (readonly [signature: string, body: string])[] = [
  ['change(statement text, undo text) RETURNS void', CHANGE],
  ['state(state "char") RETURNS text', STATE],
  ['disable_triggers(states "char"[]) RETURNS void', DISABLE_TRIGGERS],
  ['disable_rules(states "char"[]) RETURNS void', DISABLE_RULES],
  ['drop_foreign_keys() RETURNS void', DROP_FOREIGN_KEYS],
  ['identify_rows() RETURNS void', IDENTIFY_ROWS],
  ['put_to_rest() RETURNS void', PUT_TO_REST],
  ['set_back() RETURNS void', SET_BACK],
];
