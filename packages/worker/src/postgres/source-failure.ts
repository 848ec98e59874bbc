import { fail, type SafekeepError } from '@safekeep/shared/errors';
import { errorCode } from '@safekeep/shared/logger';
import { adviceFor, needsPeople } from './diagnose.js';
import type { DumpEnd } from './pg-dump.js';

/** Where a backup was when its source failed. */
interface BackupPhase {
  readonly source: string;
  /** `snapshot`, `globals`, `schema`, `data` or `rows`. */
  readonly phase: string;
  readonly table: string | null;
}

/** The catalogue's error for a pg_dump or pg_dumpall that failed. */
export function dumpFailure(at: BackupPhase, end: DumpEnd): SafekeepError {
  return failure(at, end.sqlstate, `${end.program} exit ${end.exit}, SQLSTATE ${end.sqlstate ?? 'unknown'}`);
}

/** The catalogue's error for a query of the backup that failed. */
export function queryFailure(at: BackupPhase, error: unknown): SafekeepError {
  const sqlstate = errorCode(error);
  return failure(at, sqlstate, `SQLSTATE ${sqlstate}`, error);
}

function failure(at: BackupPhase, sqlstate: string | null, evidence: string, cause?: unknown): SafekeepError {
  const place = at.table === null ? '' : `, table ${at.table}`;
  const parameters = { source: at.source, phase: at.phase, at: place, evidence, advice: adviceFor(sqlstate) };
  return fail(needsPeople(sqlstate) ? 'DUMP_REFUSED' : 'DUMP_FAILED', parameters, cause);
}
