/**
 * PL/pgSQL: lets triggers, rules, foreign keys and row security rest while rows are replaced, for all that they did has
 * been done on the source. A superuser has a setting for it; the tables' owner takes away what would act, and puts it back
 * as it was. `undo` collects the statements that do.
 */
export const REST_TRIGGERS = `
  BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);
    replica := true;
  EXCEPTION WHEN insufficient_privilege THEN
    replica := false;
  END;
  SELECT array_agg(to_regclass(format('%I.%I', e->>'schema', e->>'name'))::oid) INTO changed
    FROM jsonb_array_elements(tables) e;
  IF NOT replica THEN
    FOR r IN
      SELECT o.conrelid::regclass AS rel, o.conname, pg_get_constraintdef(o.oid) AS def, obj_description(o.oid, 'pg_constraint') AS note
      FROM pg_constraint o WHERE o.contype = 'f' AND o.conparentid = 0
        AND (o.conrelid IN (SELECT relid FROM unnest(changed) c, pg_partition_ancestors(c) relid UNION SELECT unnest(changed))
          OR o.confrelid IN (SELECT relid FROM unnest(changed) c, pg_partition_ancestors(c) relid UNION SELECT unnest(changed)))
    LOOP
      EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', r.rel, r.conname);
      undo := undo || format('ALTER TABLE %s ADD CONSTRAINT %I %s', r.rel, r.conname, r.def);
      IF r.note IS NOT NULL THEN
        undo := undo || format('COMMENT ON CONSTRAINT %I ON %s IS %L', r.conname, r.rel, r.note);
      END IF;
    END LOOP;
    FOR r IN SELECT c.oid::regclass AS rel FROM pg_class c WHERE c.oid = ANY (changed) AND c.relforcerowsecurity LOOP
      EXECUTE format('ALTER TABLE ONLY %s NO FORCE ROW LEVEL SECURITY', r.rel);
      undo := undo || format('ALTER TABLE ONLY %s FORCE ROW LEVEL SECURITY', r.rel);
    END LOOP;
  END IF;
  FOR r IN
    SELECT tgrelid::regclass AS rel, 'TRIGGER' AS kind, tgname AS name, tgenabled AS enabled FROM pg_trigger
    WHERE tgrelid = ANY (changed) AND NOT tgisinternal
    UNION ALL
    SELECT ev_class::regclass, 'RULE', rulename, ev_enabled FROM pg_rewrite
    WHERE ev_class = ANY (changed) AND ev_type <> '1'
  LOOP
    CONTINUE WHEN r.enabled = 'D' OR r.enabled = CASE WHEN replica THEN 'O' ELSE 'R' END::"char";
    EXECUTE format('ALTER TABLE ONLY %s DISABLE %s %I', r.rel, r.kind, r.name);
    undo := undo || format('ALTER TABLE ONLY %s ENABLE %s %s %I', r.rel,
      CASE r.enabled WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END, r.kind, r.name);
  END LOOP;`;

/** PL/pgSQL: puts everything back. Checks that wait for the end of the transaction come first: they stand against it. */
export const WAKE_TRIGGERS = `
  SET CONSTRAINTS ALL IMMEDIATE;
  FOREACH statement IN ARRAY undo LOOP
    EXECUTE statement;
  END LOOP;`;
