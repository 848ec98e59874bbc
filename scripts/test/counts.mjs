/** @typedef {{ passed: number, failures: readonly string[], skipped: number }} Counts each failure says what failed and why */

/** How much is shown of one failure; all of it stands where it happened. */
const SHOWN_CHARACTERS = 600;

/**
 * What a run of mocha counts for. Where mocha did not finish, found no test, or reports failure without a failed
 * test, one failure more is counted: a run that proves nothing must not look green.
 *
 * @param {(Counts & { ended: boolean }) | undefined} written by counting-reporter.mjs
 * @param {number} exitCode
 * @returns {Counts}
 */
export function countMocha(written, exitCode) {
  const { passed, failures, skipped, ended } = written ?? {
    passed: 0,
    failures: [],
    skipped: 0,
    ended: false,
  };
  const reason = suspicion({ tests: passed + failures.length, failed: failures.length, ended }, exitCode);
  return { passed, failures: reason === undefined ? failures : [...failures, reason], skipped };
}

/**
 * @param {{ tests: number, failed: number, ended: boolean }} run
 * @param {number} exitCode
 */
function suspicion({ tests, failed, ended }, exitCode) {
  if (!ended) return `mocha ended before its last test (exit code ${exitCode}).`;
  if (tests === 0) return 'mocha ran no test.';
  if (exitCode !== 0 && failed === 0) return `mocha failed (exit code ${exitCode}) although no test did.`;
  return undefined;
}

/**
 * The end of a run: what failed, so that nobody has to look for it in thousands of lines, and the sum as the last line.
 *
 * @param {readonly Counts[]} counts
 * @returns {{ text: string, exitCode: 0 | 1 }}
 */
export function sumUp(counts) {
  const failures = counts.flatMap((count) => count.failures);
  const passed = counts.reduce((total, count) => total + count.passed, 0);
  const skipped = counts.reduce((total, count) => total + count.skipped, 0);
  const line = `${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  const listed = failures.map((failure) => `FAILED: ${shorten(failure)}\n`);
  return { text: [...listed, line].join('\n'), exitCode: failures.length === 0 ? 0 : 1 };
}

/** @param {string} failure */
function shorten(failure) {
  return failure.length <= SHOWN_CHARACTERS ? failure : `${failure.slice(0, SHOWN_CHARACTERS)} …`;
}
