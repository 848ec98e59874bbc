import { fail, type SafekeepError } from '@safekeep/shared/errors';
import { errorCode } from '@safekeep/shared/logger';
import type { RestoreEnd } from './pg-restore.js';

/** How many errors a message names. */
const NAMED = 5;

/** Connections that broke or never came about: another attempt may succeed. Node's own codes stand for the network's. */
const UNREACHABLE = /^(08|57P|53300|E[A-Z]|unknown$)/;

/** What an increment says by its SQLSTATEs when it changes nothing. */
const REFUSALS: Readonly<Record<string, string>> = {
  SK001: 'it is not the base that the increment was made on',
  SK002: 'the database has another encoding than the source',
  SK003: 'the result would not be what the increment saw',
};

/** The catalogue's error for a pg_restore of this backup file that failed. */
export function restoreFailure(database: string, file: string, end: RestoreEnd): SafekeepError {
  const real = end.messages.filter((message) => message.harmless === null);
  const refusal = real.find((message) => message.sqlstate?.startsWith('SK'))?.sqlstate ?? '';
  const refused = REFUSALS[refusal];
  if (refused !== undefined) return fail('INCREMENT_REFUSED', { file, reason: refused, sqlstate: refusal });
  if (refusal === 'SK004') return fail('INCREMENT_RIGHTS', { file, sqlstate: refusal });
  const sqlstate = real[0]?.sqlstate ?? null;
  if (sqlstate !== null && /^(08|57P|53300)/.test(sqlstate)) return fail('TARGET_UNREACHABLE', { sqlstate });
  if (sqlstate?.startsWith('28')) return fail('TARGET_LOGIN_FAILED', { sqlstate });
  const named = real
    .slice(0, NAMED)
    .map(
      ({ object, sqlstate: state }) =>
        `${object ?? 'before or after the objects'} (SQLSTATE ${state ?? 'unknown'})`,
    );
  const more = end.realErrors > named.length ? ` and ${end.realErrors - named.length} more` : '';
  const errors = named.length === 0 ? 'it did not come to its end' : `${named.join(', ')}${more}`;
  return fail('RESTORE_FAILED', { database, evidence: `exit ${end.exit}; ${errors}` });
}

/** The catalogue's error for a query on the target's server that failed; `doing` such as `create the database x`. */
export function targetFailure(doing: string, error: unknown): SafekeepError {
  const sqlstate = errorCode(error);
  if (UNREACHABLE.test(sqlstate)) return fail('TARGET_UNREACHABLE', { sqlstate }, error);
  if (/^(28|3D)/.test(sqlstate)) return fail('TARGET_LOGIN_FAILED', { sqlstate }, error);
  return fail('TARGET_REFUSED', { doing, sqlstate }, error);
}

/** What a server refused, in the words of this file's errors. */
const REFUSED = /refuses to (.*) \(SQLSTATE/;

/** The same failure with the remedies of recovery tests; any other error comes back as it is. */
export function scratchFailure(error: SafekeepError): SafekeepError {
  const sqlstate = /SQLSTATE (\w+)/.exec(error.message)?.[1] ?? 'unknown';
  if (error.code === 'TARGET_UNREACHABLE') return fail('SCRATCH_UNREACHABLE', { sqlstate }, error);
  if (error.code === 'TARGET_LOGIN_FAILED') return fail('SCRATCH_LOGIN_FAILED', { sqlstate }, error);
  if (error.code !== 'TARGET_REFUSED') return error;
  return fail('SCRATCH_REFUSED', { doing: REFUSED.exec(error.message)?.[1] ?? 'answer', sqlstate }, error);
}
