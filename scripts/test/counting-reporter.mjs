import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

/** How long open handles may keep mocha alive after its last test, in milliseconds. */
const GRACE_MS = 20_000;

/** mocha's `spec` output, and what happened so far in the file of the option `counts`, so that a crash shows. */
export default class CountingReporter extends Mocha.reporters.Spec {
  /**
   * @param {Mocha.Runner} runner
   * @param {Mocha.MochaOptions} options
   */
  constructor(runner, options) {
    super(runner, options);
    const file = options.reporterOptions.counts;
    /** @type {string[]} */
    const failures = [];
    /** @param {boolean} ended */
    const write = (ended) => {
      const { passes, pending } = this.stats;
      writeFileSync(file, JSON.stringify({ passed: passes, failures, skipped: pending, ended }));
    };
    const { EVENT_TEST_FAIL, EVENT_TEST_END, EVENT_RUN_END } = Mocha.Runner.constants;
    runner.on(EVENT_TEST_FAIL, (test, error) => {
      failures.push(`${test.fullTitle()}: ${error instanceof Error ? error.message : error}`);
    });
    runner.on(EVENT_TEST_END, () => write(false));
    runner.once(EVENT_RUN_END, () => {
      write(true);
      setTimeout(endWithOpenHandles, GRACE_MS).unref();
    });
  }
}

/** Runs only if something that a test left open still keeps the process alive. */
function endWithOpenHandles() {
  const open = process.getActiveResourcesInfo().join(', ');
  process.stdout.write(`\nThe tests are over, but something is left open and is ended now: ${open}\n`);
  process.exit(1);
}
