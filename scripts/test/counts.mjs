/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * What a run of mocha counts for. Where mocha did not finish, found no test, or reports failure without a failed
 * test, one failure more is counted: a run that proves nothing must not look green.
 *
 * @param {(Counts & { ended: boolean }) | undefined} written by counting-reporter.mjs
 * @param {number} exitCode
 * @param {(reason: string) => void} tell
 * @returns {Counts}
 */
export function countMocha(written, exitCode, tell) {
  const { passed, failed, skipped, ended } = written ?? { passed: 0, failed: 0, skipped: 0, ended: false };
  const reason = suspicion({ passed, failed, ended }, exitCode);
  if (reason === undefined) return { passed, failed, skipped };
  tell(`${reason} This counts as one failure.`);
  return { passed, failed: failed + 1, skipped };
}

/**
 * @param {{ passed: number, failed: number, ended: boolean }} run
 * @param {number} exitCode
 */
function suspicion({ passed, failed, ended }, exitCode) {
  if (!ended) return `mocha ended before its last test (exit code ${exitCode}).`;
  if (passed + failed === 0) return 'mocha ran no test.';
  if (exitCode !== 0 && failed === 0) return `mocha failed (exit code ${exitCode}) although no test did.`;
  return undefined;
}

/**
 * @param {readonly Counts[]} counts
 * @returns {{ line: string, exitCode: 0 | 1 }}
 */
export function sumUp(counts) {
  /** @param {keyof Counts} name */
  const sum = (name) => counts.reduce((total, count) => total + count[name], 0);
  const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')];
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return { line, exitCode: failed === 0 ? 0 : 1 };
}
