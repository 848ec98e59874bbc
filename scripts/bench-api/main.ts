import { DemoError } from '../demo/demo-error.js';
import { runScript } from '../demo/run-script.js';
import { benchApi } from './bench-api.js';
import { readOptions, USAGE } from './options.js';
import { shortcomings, toMarkdown } from './report.js';

await runScript({
  usage: USAGE,
  readOptions,
  // The report alone goes to standard output.
  progressTo: process.stderr,
  async work(run) {
    const report = await benchApi(run);
    process.stdout.write(`${run.options.json ? JSON.stringify(report, null, 2) : toMarkdown(report)}\n`);
    const wrong = shortcomings(report);
    if (!run.options.check || wrong.length === 0) return;
    throw new DemoError(wrong.join('\n'), { remedy: 'Read the table above, and the log of the API.' });
  },
});
