/** One thing that was looked at, and what it means. Nothing in it is a secret. */
export interface Diagnosis {
  /** What was looked at, such as `redis` or `source main`. */
  readonly subject: string;
  readonly state: 'ok' | 'warning' | 'problem';
  readonly message: string;
  /** What to do; `null` when nothing is to be done. */
  readonly hint: string | null;
  /** The exit code of a problem (docs/OPERATIONS.md): 1 failed, 3 configuration, 4 not reachable. */
  readonly exitCode: 0 | 1 | 3 | 4;
}

export function ok(subject: string, message: string): Diagnosis {
  return { subject, state: 'ok', message, hint: null, exitCode: 0 };
}

export function warning(subject: string, message: string, hint: string): Diagnosis {
  return { subject, state: 'warning', message, hint, exitCode: 0 };
}

export function problem(subject: string, message: string, hint: string, exitCode: 1 | 3 | 4): Diagnosis {
  return { subject, state: 'problem', message, hint, exitCode };
}

/** Configuration first, then what cannot be reached, for with these repaired the others may vanish. */
export function exitCodeOf(found: readonly Diagnosis[]): number {
  return [3, 4, 1].find((code) => found.some((diagnosis) => diagnosis.exitCode === code)) ?? 0;
}
