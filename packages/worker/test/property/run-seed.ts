import { type Contents, readContents } from './contents.js';
import { type ChunkClasses, classesOfChunks } from './count-chunks.js';
import { expectForgeryNoticed, FORGERIES } from './forged-bases.js';
import { expectExtent, expectType } from './judge-increment.js';
import { ROUND } from './plan-schema.js';
import type { PropertyServer } from './property-server.js';
import { type Chain, proveChains } from './prove-chains.js';
import { truncateWhileTaken } from './slate.js';
import { createWorld, type SourceWorld } from './source-world.js';
import { type BackupFolder, backupFolder, type TakenBackup } from './take-backups.js';
import type { Tally } from './tally.js';
import { changeEach, changeRows, endOpen, leaveOpen } from './transactions.js';
import { changeWorld, injectCause } from './world-changes.js';
import { whileWritten } from './writers.js';

/** What a snapshot saw, and what became of the chunks of the newest base. */
interface Truth extends Contents {
  readonly chunks: ChunkClasses;
}

type Taken = TakenBackup<Truth>;
type Folder = BackupFolder<Truth>;

/** One source, one full backup and several incrementals of it, and a proof of each. */
export async function runSeed(
  seed: number,
  server: PropertyServer,
  parent: string,
  tally: Tally,
): Promise<void> {
  const world = await createWorld(seed, server, tally);
  const chains: (Chain & { base: Taken })[] = [];
  const folder: Folder = backupFolder(world, parent, async (client) => {
    const contents = await readContents(client);
    const base = chains.at(-1)?.base;
    if (base === undefined) return { ...contents, chunks: new Map() };
    const files = { sidecar: base.sidecar, directory: folder.directory, key: folder.encryptionKey };
    return { ...contents, chunks: await classesOfChunks(client, files) };
  });
  const busy = world.random.chance(0.35);
  // In the first round of seeds each kind of key is met by a change of a row, before others change everything.
  const calm = seed <= ROUND;
  try {
    await live(world, 0);
    if (calm) {
      await endOpen(world);
      await changeEach(world, 20);
      await leaveOpen(world, world.random.chance(0.5));
    }
    const first = await take(world, folder, 'full', busy && !calm);
    const forgery = FORGERIES[seed % FORGERIES.length];
    if (forgery) await expectForgeryNoticed(world, folder, first, forgery);
    chains.push({ base: first, increments: [] });
    const increments = world.random.between(2, 4);
    for (let serial = 1; serial <= increments; serial += 1) {
      if (calm && serial === 1) {
        await endOpen(world);
        await changeEach(world, 1);
      } else await live(world, serial);
      const taken = await take(world, folder, 'incremental', busy && !(calm && serial === 1));
      expectType(world, taken);
      if (taken.sidecar.type === 'full') chains.push({ base: taken, increments: [] });
      else {
        expectExtent(world, taken, taken.truth.chunks);
        chains.at(-1)?.increments.push(taken);
      }
    }
    await endOpen(world);
    await proveChains(world, folder, chains, !busy);
  } finally {
    for (const open of world.open) await open.end().catch(() => {});
    await world.session.end();
  }
}

/** What happens to the source before a backup. */
async function live(world: SourceWorld, serial: number): Promise<void> {
  const { random } = world;
  if (random.chance(0.5)) await endOpen(world);
  for (let step = random.between(0, 10); step > 0; step -= 1) {
    if (random.chance(0.7)) await changeRows(world);
    else await changeWorld(world);
  }
  if (serial > 0 && (random.chance(0.3) || (world.seed <= ROUND && serial === 2)))
    await injectCause(world, serial);
  if (random.chance(0.4)) await leaveOpen(world, random.chance(0.5));
}

async function take(
  world: SourceWorld,
  folder: Folder,
  type: 'full' | 'incremental',
  busy: boolean,
): Promise<Taken> {
  world.touchedSince.clear();
  // A transaction that goes on makes all that was committed beside it look younger than the snapshot.
  if (world.open.length > 0) for (const group of world.touched) world.touchedSince.add(group);
  const truncation = world.random.chance(0.2) ? await truncateWhileTaken(world) : null;
  const work = () => folder.take(type);
  const taken = await (busy ? whileWritten(world, work) : work()).finally(() => truncation?.done);
  if (truncation !== null) world.tally.add('while taken', 'truncated');
  if (busy) world.tally.add('while taken', 'written');
  if (taken.sidecar.type === 'full') {
    world.touched.clear();
    for (const group of world.touchedSince) world.touched.add(group);
  }
  return taken;
}
