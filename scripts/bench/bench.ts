import { rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { build } from '../demo/build.js';
import { chooseFolder, type Folder, openFolder } from '../demo/folder.js';
import type { ScriptRun } from '../demo/run-script.js';
import { PROJECT } from '../demo/safekeep.js';
import { startStack } from '../demo/stack.js';
import { describeMachine } from './machine.js';
import { measureAll } from './measure-all.js';
import { sourcesOf } from './memory-clinics.js';
import type { BenchOptions } from './options.js';
import { archiveSettings, findPgBackRest } from './pgbackrest.js';
import { makeReport, type Report } from './report.js';
import { makeSafekeepJobs } from './safekeep-jobs.js';
import { makeStockTools } from './stock-tools.js';
import { stopwatch } from './stopwatch.js';

/** A load average above it comes from others, as the benchmark has done nothing yet. */
const QUIET_LOAD = 0.5;

/** Measures all that was asked for. What it started ends with `endings`; the folder is removed after success. */
export async function bench(run: ScriptRun<BenchOptions>): Promise<Report> {
  const { options, screen, endings, signal } = run;
  const watch = stopwatch();
  const before = loadavg()[0] ?? 0;
  const say = (text: string) => screen.say(`  ${watch.text()}  ${text}`);
  const folder = openFolder(options.folder ?? chooseFolder(PROJECT, '.safekeep-bench').path);
  let done = false;
  endings.add(() => closeFolder(folder, done));
  await build(signal);
  const asked = options.parts.has('pgbackrest');
  const pgBackRest = asked ? findPgBackRest() : null;
  const stack = await startStack({
    folder,
    bytes: options.bytes,
    screen,
    endings,
    signal,
    settings: pgBackRest === null ? {} : archiveSettings(folder.postgres),
    variables: (databases) => sourcesOf(options.memorySizes, folder, databases),
  });
  const machine = await describeMachine(stack.clinicUrl, pgBackRest?.version ?? null);
  // Into a file go only lines that stay true.
  const onProgress = (line: string) => (screen.isTerminal ? screen.progress(line) : undefined);
  const jobs = await makeSafekeepJobs({ stack, folder, signal, onProgress });
  const stock = makeStockTools(stack, folder, signal);
  say('one run of pg_dump that does not count, so that all find a warm cache');
  await stock.floor();
  const measurements = await measureAll({ options, stack, folder, jobs, stock, pgBackRest, say, signal });
  done = true;
  const notes = [
    ...(asked && pgBackRest === null ? ['pgBackRest is not installed, so its rows are missing.'] : []),
    ...(before > QUIET_LOAD ? ['**Not a quiet machine**: others worked on it before the first run.'] : []),
  ];
  return makeReport(
    {
      machine,
      databaseBytes: stack.clinicBytes,
      pairs: options.pairs,
      load: [before, loadavg()[0] ?? 0],
      seconds: watch.seconds(),
    },
    measurements,
    { memory: options.parts.has('memory') },
    notes,
  );
}

function closeFolder(folder: Folder, done: boolean): void {
  folder.release();
  if (done) rmSync(folder.path, { recursive: true, force: true, maxRetries: 3 });
}
