import { STAGING_SCHEMA as S } from '@safekeep/archive/compare-contents';
import pg from 'pg';
import type { DeltaPlan } from '../delta-plan.js';

/** Ends the transaction with a sentence. The code leads it, too, for pg_restore prints no SQLSTATE. */
const refuse = ({ base, increment, encoding }: DeltaPlan) => `
BEGIN
  RAISE EXCEPTION USING ERRCODE = code, MESSAGE = format('%s: %s', code, sentence), DETAIL = 'Nothing was changed.',
    HINT = CASE code
      WHEN 'SK001' THEN ${literal(
        `Restore ${base.fileName} into an empty database and apply ${increment.fileName} to it, once, before anything else writes to it.`,
      )}
      WHEN 'SK002' THEN ${literal(`Make the database with: CREATE DATABASE name TEMPLATE template0 ENCODING '${encoding}'.`)}
      WHEN 'SK003' THEN ${literal(
        `If an error came before this one, mend its cause and apply ${increment.fileName} again. If none did, the file is damaged: verify it.`,
      )}
      ELSE 'Let the owner of all its tables, views and sequences apply it, who may also create schemas in the database, or a superuser.' END;
END`;

const notTheBase = ({ base }: DeltaPlan) => `
BEGIN
  PERFORM ${S}.refuse('SK001', format('this database is not, or no longer, what %s holds: %s', ${literal(base.fileName)}, sentence));
END`;

const NOT_AS_MADE = `
BEGIN
  PERFORM ${S}.refuse('SK003', format('the %s of %s did not arrive as the archive was made with them', what, relation));
END`;

const ROWS_DIFFER = `
BEGIN
  RETURN format('%s has %s rows, in the base it had %s', relation, there, expected);
END`;

const checkEncoding = ({ encoding }: DeltaPlan) => `
BEGIN
  IF current_setting('server_encoding') <> ${literal(encoding)} THEN
    PERFORM ${S}.refuse('SK002', format('the encoding of this database is %s and that of the source %s',
      current_setting('server_encoding'), ${literal(encoding)}));
  END IF;
END`;

/** SQLSTATEs: SK001 not the base, SK002 another encoding, SK003 not the increment's rows, SK004 a right is missing. */
export function refusals(plan: DeltaPlan): (readonly [signature: string, body: string])[] {
  return [
    ['refuse(code text, sentence text) RETURNS void', refuse(plan)],
    ['not_the_base(sentence text) RETURNS void', notTheBase(plan)],
    ['not_as_made(what text, relation text) RETURNS void', NOT_AS_MADE],
    ['rows_differ(relation text, there bigint, expected bigint) RETURNS text', ROWS_DIFFER],
    ['check_encoding() RETURNS void', checkEncoding(plan)],
  ];
}

function literal(text: string): string {
  return pg.escapeLiteral(text);
}
