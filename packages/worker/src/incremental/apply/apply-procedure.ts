import { STAGING_SCHEMA as S } from '@safekeep/archive/compare-contents';
import { READING_SETTINGS } from '../../postgres/reading-settings.js';
import type { DeltaPlan } from '../delta-plan.js';
import { GUARD_FUNCTIONS } from './guard-functions.js';
import { refusals } from './refusals.js';
import { REST_FUNCTIONS } from './rest-functions.js';
import { rowFunctions } from './row-functions.js';
import { dollarQuoted, quietly, REST_EVENT_TRIGGERS } from './sql-text.js';

/** All or nothing: what it calls raises, and then nothing of it has happened. */
const APPLY = `
DECLARE
  whole boolean;
BEGIN
  ${READING_SETTINGS.replace(/\bSET /g, 'SET LOCAL ').trim()};
  SET LOCAL jit = off;
  PERFORM ${S}.check_encoding();
  whole := ${S}.choose();
  PERFORM ${S}.lock_tables();
  PERFORM ${S}.guard();
  PERFORM ${S}.check_staged();
  PERFORM ${S}.put_to_rest();
  PERFORM ${S}.replace_rows();
  PERFORM ${S}.check_result();
  PERFORM ${S}.set_back();
  PERFORM ${S}.set_sequences();
  IF whole THEN CREATE TABLE ${S}.applied (); END IF;
EXCEPTION WHEN insufficient_privilege THEN
  PERFORM ${S}.refuse('SK004', format('the role %I may not do all that this takes: %s', current_user, SQLERRM));
END`;

/** A view that cannot be refreshed fails alone, as in a restore of a full: the rows are there by then. */
const REFRESH = `
BEGIN
  IF to_regclass('${S}.applied') IS NULL THEN RETURN; END IF;
  ${REST_EVENT_TRIGGERS}
  EXECUTE format('REFRESH MATERIALIZED VIEW %I.%I %s', schema, name, CASE WHEN populated THEN '' ELSE 'WITH NO DATA' END);
END`;

/** SQL that makes the procedures `apply` and `refresh` in the staging schema. */
export function applyProcedures(plan: DeltaPlan): string {
  const functions = [
    ...refusals(plan),
    ...GUARD_FUNCTIONS,
    ...REST_FUNCTIONS,
    ...rowFunctions(plan.encoding),
  ];
  return quietly([
    ...functions.map((one) => create('FUNCTION', one)),
    create('PROCEDURE', ['apply()', APPLY]),
    create('PROCEDURE', ['refresh(schema text, name text, populated boolean)', REFRESH]),
  ]);
}

function create(kind: string, [signature, body]: readonly [string, string]): string {
  return `CREATE ${kind} ${S}.${signature} LANGUAGE plpgsql AS ${dollarQuoted(`${body} `)}`;
}
