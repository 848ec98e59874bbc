import { DemoError } from '../demo/demo-error.js';
import { runScript } from '../demo/run-script.js';
import { bench } from './bench.js';
import { readOptions, USAGE } from './options.js';
import { goalsTable, type Report, toMarkdown } from './report.js';

await runScript({
  usage: USAGE,
  readOptions,
  // The report alone goes to standard output.
  progressTo: process.stderr,
  async work(run) {
    const report = await bench(run);
    process.stdout.write(`${run.options.json ? JSON.stringify(report, null, 2) : toMarkdown(report)}\n`);
    if (run.options.check) check(report, run.options.json);
  },
});

function check(report: Report, json: boolean): void {
  if (!json) process.stdout.write(`\n${goalsTable(report.goals)}\n`);
  const missed = report.goals.filter(({ verdict }) => verdict === 'missed').map(({ what }) => what);
  if (missed.length === 0) return;
  throw new DemoError(`Goals that are missed: ${missed.join('; ')}.`, {
    remedy:
      'Measure on a machine that does nothing else; then look at what changed since docs/BENCHMARKS.md.',
  });
}
