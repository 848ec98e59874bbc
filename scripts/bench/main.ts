import { runScript } from '../demo/run-script.js';
import { bench } from './bench.js';
import { readOptions, USAGE } from './options.js';
import { toMarkdown } from './report.js';

await runScript({
  usage: USAGE,
  readOptions,
  // The report alone goes to standard output.
  progressTo: process.stderr,
  async work(run) {
    const report = await bench(run);
    const text = run.options.json ? JSON.stringify(report, null, 2) : toMarkdown(report);
    process.stdout.write(`${text}\n`);
  },
});
