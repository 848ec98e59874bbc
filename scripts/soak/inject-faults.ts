import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../packages/worker/test/property/random.js';
import type { KeptProcess } from './keep-running.js';
import type { SoakWorld } from './soak-world.js';

/** How often each fault was brought about. */
export type FaultCounts = Map<string, number>;

type Service = 'history' | 'redis' | 'source';

/** What may go wrong: each brings a fault about, heals it, and tells what it was. `null` where it could not. */
const FAULTS: readonly ((world: SoakWorld, random: Random, signal: AbortSignal) => Promise<string | null>)[] =
  [
    killWorker,
    killWorker,
    killWorker,
    killApi,
    killRedis,
    emptyRedis,
    killHistory,
    killSources,
    freezeWorker,
    freezeWorker,
    cutNetwork,
    cutNetwork,
    dropPackets,
    loseAnswer,
  ];

/** Lets one thing after the other go wrong until `signal` aborts; then all is as it was. */
export async function injectFaults(
  world: SoakWorld,
  counts: FaultCounts,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pause(random.between(2_000, 9_000), signal);
    if (signal.aborted) return;
    const fault = await random.pick(FAULTS)(world, random, signal);
    if (fault !== null) counts.set(fault, (counts.get(fault) ?? 0) + 1);
  }
}

async function killWorker({ workers }: SoakWorld, random: Random): Promise<string | null> {
  return kill(random.pick(workers)) ? 'a worker was killed' : null;
}

async function killApi({ api }: SoakWorld): Promise<string | null> {
  return kill(api) ? 'the API was killed' : null;
}

async function killRedis({ faults }: SoakWorld, random: Random, signal: AbortSignal): Promise<string> {
  faults.redis.kill();
  await pause(random.between(0, 8_000), signal);
  await again(() => faults.redis.restart());
  return 'Redis was killed';
}

async function emptyRedis({ faults }: SoakWorld): Promise<string> {
  execFileSync('redis-cli', ['-p', String(faults.redis.port), 'flushall'], { stdio: 'ignore' });
  return 'Redis was emptied';
}

async function killHistory({ faults }: SoakWorld, random: Random, signal: AbortSignal): Promise<string> {
  await faults.postgres.kill();
  await pause(random.between(0, 8_000), signal);
  await again(() => faults.postgres.restart());
  return "history's server was killed";
}

async function killSources({ faults }: SoakWorld, random: Random, signal: AbortSignal): Promise<string> {
  await faults.sourceServer.kill();
  await pause(random.between(0, 8_000), signal);
  await again(() => faults.sourceServer.restart());
  return "the sources' server was killed";
}

/** Sometimes for longer than its lease holds, so that it wakes up a zombie. */
async function freezeWorker(
  { workers }: SoakWorld,
  random: Random,
  signal: AbortSignal,
): Promise<string | null> {
  const pid = random.pick(workers).pid();
  if (pid === null) return null;
  const long = random.chance(0.35);
  const seconds = long ? random.between(50, 75) : random.between(2, 20);
  if (!send(pid, 'SIGSTOP')) return null;
  // The next faults come meanwhile.
  void pause(seconds * 1000, signal).then(() => send(pid, 'SIGCONT'));
  return long ? 'a worker was frozen past its lease' : 'a worker was frozen';
}

async function cutNetwork({ faults }: SoakWorld, random: Random): Promise<string> {
  const service = pickService(random);
  faults.network[service].cut();
  return `connections to ${NAMES[service]} were cut`;
}

async function dropPackets({ faults }: SoakWorld, random: Random, signal: AbortSignal): Promise<string> {
  const service = pickService(random);
  const proxy = faults.network[service];
  if (random.chance(0.5)) proxy.blackHole();
  else proxy.refuse();
  await pause(random.between(1_000, 15_000), signal);
  proxy.mend();
  return `the network to ${NAMES[service]} was away`;
}

async function loseAnswer({ faults }: SoakWorld, _: Random, signal: AbortSignal): Promise<string | null> {
  const lost = faults.network.history.loseAnswer({
    after: `status = 'completed', started_at`,
    to: 'COMMIT',
  });
  const gone = await Promise.race([lost.then(() => true), pause(20_000, signal).then(() => false)]);
  return gone ? 'the answer to a commit was lost' : null;
}

const NAMES: Record<Service, string> = { history: 'history', redis: 'Redis', source: 'the sources' };

function pickService(random: Random): Service {
  return random.pick(['history', 'redis', 'source'] as const);
}

function kill(kept: KeptProcess): boolean {
  const pid = kept.pid();
  return pid !== null && send(pid, 'SIGKILL');
}

/** @returns whether the process was there */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** A client that tries to connect meanwhile may hold the port for a moment. */
async function again(restart: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await restart();
    } catch (error) {
      if (attempt === 20) throw error;
      await delay(500);
    }
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => {});
}
