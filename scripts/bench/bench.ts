import { rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { build } from '../demo/build.js';
import { chooseFolder, openFolder } from '../demo/folder.js';
import type { ScriptRun } from '../demo/run-script.js';
import { PROJECT } from '../demo/safekeep.js';
import { startStack } from '../demo/stack.js';
import { type Contenders, makeContenders } from './contenders.js';
import { describeMachine } from './machine.js';
import type { BenchOptions } from './options.js';
import { makeReport, type Pair, type Report } from './report.js';

/** Measures all contenders. What it started ends with `endings`; the folder is removed after success. */
export async function bench(run: ScriptRun<BenchOptions>): Promise<Report> {
  const { options, screen, endings, signal } = run;
  const folder = openFolder(options.folder ?? chooseFolder(PROJECT, '.safekeep-bench').path);
  let done = false;
  endings.add(() => {
    folder.release();
    if (done) rmSync(folder.path, { recursive: true, force: true, maxRetries: 3 });
  });
  await build(signal);
  const stack = await startStack({ folder, bytes: options.bytes, screen, endings, signal });
  const machine = await describeMachine(stack.clinicUrl);
  const onProgress = (line: string) => screen.progress(line);
  const contenders = await makeContenders({ stack, folder, signal, onProgress });
  screen.say('  one run of pg_dump that does not count, so that all find a warm cache');
  await contenders.dump();
  const pairs: Pair[] = [];
  for (let number = 1; number <= options.pairs; number += 1) {
    pairs.push(await measurePair(contenders, number % 2 === 1, (text) => screen.say(`  ${number}: ${text}`)));
  }
  done = true;
  return makeReport(machine, stack.clinicBytes, pairs);
}

/** Every other pair runs backwards, so that a machine that grows slower or faster favours nobody. */
async function measurePair(
  contenders: Contenders,
  forwards: boolean,
  say: (text: string) => void,
): Promise<Pair> {
  const pair: { -readonly [Name in keyof Pair]?: Pair[Name] } = { load: loadavg()[0] ?? 0 };
  const steps = [
    async () => {
      pair.job = await contenders.job();
      say(`Safekeep ${pair.job.seconds.toFixed(1)} s`);
    },
    async () => {
      pair.pipe = await contenders.pipe();
      say(`shell pipe ${pair.pipe.seconds.toFixed(1)} s`);
    },
    async () => {
      pair.dump = await contenders.dump();
      say(`pg_dump alone ${pair.dump.seconds.toFixed(1)} s`);
    },
  ];
  for (const step of forwards ? steps : steps.reverse()) await step();
  return pair as Pair;
}
