import pg from 'pg';
import { READING_SETTINGS } from '../../postgres/reading-settings.js';
import type { DeltaPlan } from '../delta-plan.js';
import { doStatement } from '../do-statement.js';
import { APPLIED_MARK } from '../staging.js';
import { appliedTable } from './applied-tables.js';
import { GUARD } from './guard.js';
import { REPLACE_ROWS } from './replace-rows.js';
import { REST_TRIGGERS, WAKE_TRIGGERS } from './rest-triggers.js';

/**
 * One statement that turns a restored base into what the increment's snapshot saw, or raises and changes nothing: SK001 when
 * the database is not the base, SK002 when it has another encoding, SK003 when the result would not be right, SK004 when
 * the role may not.
 *
 * With the custom setting `safekeep.only`, a JSON array of `[schema, name]`, it knows of these tables alone.
 */
export function applyStatement(plan: DeltaPlan): string {
  const body = `
DECLARE
  plan jsonb := ${pg.escapeLiteral(JSON.stringify(toldPlan(plan)))};
  chosen jsonb := nullif(current_setting('safekeep.only', true), '')::jsonb;
  tables jsonb;
  t jsonb;
  r record;
  n bigint;
  total numeric;
  actual numeric;
  problem text;
  replica boolean;
  changed oid[];
  undo text[] := '{}';
  statement text;
BEGIN
  ${localSettings()}
  IF chosen IS NOT NULL THEN
    SELECT plan || jsonb_object_agg(list, (SELECT coalesce(jsonb_agg(e), '[]') FROM jsonb_array_elements(plan->list) e
      WHERE chosen @> jsonb_build_array(jsonb_build_array(e->>'schema', e->>'name')))) INTO plan
    FROM unnest('{unchanged,changed}'::text[]) list;
  END IF;
  tables := plan->'changed';
${GUARD}
${REST_TRIGGERS}
${REPLACE_ROWS}
${WAKE_TRIGGERS}
  FOR t IN SELECT * FROM jsonb_array_elements(plan->'sequences') LOOP
    CONTINUE WHEN chosen IS NOT NULL AND to_regclass(format('%I.%I', t->>'schema', t->>'name')) IS NULL;
    PERFORM setval(format('%I.%I', t->>'schema', t->>'name')::regclass, (t->>'lastValue')::bigint, (t->>'isCalled')::boolean);
  END LOOP;
  CREATE TABLE ${APPLIED_MARK} ();
EXCEPTION WHEN insufficient_privilege THEN
  GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
  RAISE EXCEPTION USING ERRCODE = 'SK004', MESSAGE = format(
    'The incremental backup %s was not applied, for a right is missing: %s. Nothing was changed.', plan->>'increment', problem),
    HINT = 'Apply it as a superuser, or as the role that owns all of the restored tables.';
END`;
  return doStatement(body);
}

/** Numbers that may be beyond what JSON's readers keep are text. */
function toldPlan(plan: DeltaPlan) {
  return {
    base: plan.base.fileName,
    increment: plan.increment.fileName,
    encoding: plan.encoding,
    unchanged: plan.unchanged.map(({ schema, name, rows, filter }) => ({
      schema,
      name,
      rows: String(rows),
      filter: filter ?? '',
    })),
    changed: plan.changed.map((table, number) => appliedTable(plan, table, number)),
    sequences: plan.sequences,
  };
}

/** Rows are read as the backup read them; nothing of it outlives the statement. */
function localSettings(): string {
  return READING_SETTINGS.trim()
    .replace(/SET (\w+) =/g, 'SET LOCAL $1 =')
    .concat(';');
}
