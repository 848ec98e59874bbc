import { fail, type SafekeepError } from '../errors.js';

/** Refuses a source that is not configured. @throws SafekeepError SOURCE_UNKNOWN */
export function requireSource(source: string, configured: readonly string[]): void {
  if (!configured.includes(source)) throw sourceUnknown(source, configured);
}

export function sourceUnknown(source: string, configured: readonly string[]): SafekeepError {
  return fail('SOURCE_UNKNOWN', { source, known: configured.join(', ') });
}
