import { fail } from '../errors.js';
import { errorCode } from '../logger.js';

const REASONS: Record<string, string> = {
  ENOENT: 'it does not exist (is the volume mounted?)',
  ENOTDIR: 'it is not a directory',
  EACCES: 'the worker’s user may not write there',
  EPERM: 'its file system has no hard links, or the worker’s user may not make them',
  ENOTSUP: 'its file system has no hard links',
  EROFS: 'it is mounted read-only',
};

/** Errors of the file system in the words of the catalogue. */
export function translate(error: unknown, directory: string): unknown {
  const code = errorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return fail('DISK_FULL', {}, error);
  const reason = REASONS[code];
  return reason === undefined ? error : unusable(directory, reason, error);
}

export function unusable(directory: string, reason: string, cause?: unknown) {
  return fail('BACKUP_DIR_UNUSABLE', { directory, reason }, cause);
}

/** For what may vanish while one looks at it. */
export function unlessGone(error: unknown): null {
  if (errorCode(error) === 'ENOENT') return null;
  throw error;
}
