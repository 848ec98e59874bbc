import { expect } from 'chai';
import { createWalker } from '../src/walk.js';
import { int } from './custom-format-writer.js';
import { codeOf, flow, pieces } from './flow.js';
import { GOLDEN, golden } from './golden.js';

const SEEDS = Number(process.env.ARCHIVE_FUZZ_SEEDS ?? 200);
const MAX_GROWTH_BYTES = 256 * 1024 * 1024;
const EXTREMES = [0, -1, -2, 1, 255, 2 ** 31 - 1, -(2 ** 31), 2 ** 24, 64 * 1024 * 1024];

/** mulberry32: numbers from 0 to below `limit` that depend on the seed alone. */
function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

type Random = (limit: number) => number;

const MUTATIONS: ((bytes: Buffer, next: Random) => Buffer)[] = [
  function flipABit(bytes, next) {
    const at = next(bytes.length);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << next(8)), at);
    return bytes;
  },
  function overwriteANumber(bytes, next) {
    int(EXTREMES[next(EXTREMES.length)] ?? 0).copy(bytes, next(bytes.length));
    return bytes;
  },
  function removeASlice(bytes, next) {
    const at = next(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + next(64))]);
  },
  function repeatASlice(bytes, next) {
    const at = next(bytes.length);
    return Buffer.concat([bytes.subarray(0, at + next(512)), bytes.subarray(at)]);
  },
  function moveTheTail(bytes, next) {
    const at = next(bytes.length);
    return Buffer.concat([bytes.subarray(at), bytes.subarray(0, at)]);
  },
];

function mutate(original: Buffer, next: Random): Buffer {
  let bytes = Buffer.from(original);
  for (let round = 0; round <= next(3); round++) {
    const mutation = MUTATIONS[next(MUTATIONS.length)];
    if (mutation !== undefined && bytes.length > 0) bytes = Buffer.from(mutation(bytes, next));
  }
  return bytes;
}

describe('a mutated archive', () => {
  it(`never does worse than an ArchiveError (seeds 1 to ${SEEDS}, each on every golden archive)`, async function () {
    this.timeout(60_000 + SEEDS * 1000);
    const before = process.memoryUsage().rss;
    let refused = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      for (const name of GOLDEN) {
        const next = random(seed);
        const bytes = mutate(golden(name), next);
        const began = performance.now();
        try {
          if ((await codeOf(flow(pieces(bytes, 1 + next(5000)), createWalker()))) !== 'none') refused++;
        } catch (cause) {
          throw new Error(`seed ${seed} of ${name} failed with something else`, { cause });
        }
        expect(performance.now() - began, `seed ${seed} of ${name}`).to.be.lessThan(5000);
      }
    }
    expect(process.memoryUsage().rss - before).to.be.lessThan(MAX_GROWTH_BYTES);
    expect(refused).to.be.greaterThan(SEEDS);
  });
});
