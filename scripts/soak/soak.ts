import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../packages/worker/test/property/random.js';
import { build } from '../demo/build.js';
import { DemoError } from '../demo/demo-error.js';
import type { ScriptRun } from '../demo/run-script.js';
import { Accepted } from './accepted.js';
import { ageBackups } from './age-backups.js';
import { type FaultCounts, injectFaults } from './inject-faults.js';
import { judge } from './judge.js';
import type { SoakOptions } from './options.js';
import { askForThings } from './people.js';
import { settle } from './settle.js';
import { openSoakWorld, type SoakWorld } from './soak-world.js';
import { summary } from './summary.js';
import { makeSources, writeToSources } from './write-to-sources.js';

const MINUTE = 60_000;
/** While one waits for an answer that will not come, the others go on. */
const PEOPLE = [1, 2, 3];
/** Between two lines that say how far it is, in milliseconds. */
const TELL_EVERY = 30_000;

export async function soak({ options, screen, endings, signal }: ScriptRun<SoakOptions>): Promise<void> {
  const { minutes, seed, workers } = options;
  screen.say(`soak: ${minutes} min, ${workers} workers, --seed ${seed}`);
  await build(signal);
  // Processes that are killed all the time start twice as fast from compiled code.
  process.env.SAFEKEEP_TEST_BUILT = '1';
  const world = await openSoakWorld(workers);
  endings.add(() => world.close());
  await makeSources(world);
  await started(world, signal);

  const [accepted, injected] = [new Accepted(), new Map() as FaultCounts];
  const end = new AbortController();
  const over = end.signal;
  setTimeout(() => end.abort(), minutes * MINUTE).unref();
  signal.addEventListener('abort', () => end.abort());
  const begun = Date.now();
  const tell = setInterval(() => {
    const faults = [...injected.values()].reduce((sum, count) => sum + count, 0);
    const seconds = Math.round((Date.now() - begun) / 1000);
    screen.say(`  ${seconds} s: ${accepted.count} requests accepted, ${faults} faults`);
  }, TELL_EVERY);
  // A stream of numbers each, so that one that waits for a server does not change what the others do.
  await Promise.all([
    ...PEOPLE.map((person) => askForThings(world.client, accepted, new Random(seed + person), over)),
    writeToSources(world, new Random(seed + 1_000), over),
    injectFaults(world, injected, new Random(seed + 2_000), over),
    ageBackups(world, over),
  ]).finally(() => clearInterval(tell));
  signal.throwIfAborted();

  screen.say('the faults are over; what is under way comes to its end');
  const wrong: string[] = [];
  await settle(world).catch((error: unknown) => wrong.push(String(error)));
  signal.throwIfAborted();
  screen.say('every backup is opened and restored, every row and key is read');
  wrong.push(...(await judge(world, accepted)));
  signal.throwIfAborted();
  screen.say(`\n${await summary(world, accepted, injected)}\n`);
  for (const sentence of wrong) screen.say(sentence);
  screen.say(`lost: ${wrong.length}`);
  if (wrong.length > 0) {
    throw new DemoError('Something was lost, or is not as it must be.', {
      remedy: `Run it again with --seed ${seed}; docs/TESTING.md says what is looked at.`,
    });
  }
}

/** Until the API answers and all sources can be backed up. */
async function started({ client }: SoakWorld, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const answer = await client.request('GET', '/backup/history?limit=1');
    if (answer?.status === 200) return;
    await delay(200);
  }
}
