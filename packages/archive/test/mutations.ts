import { int } from './custom-format-writer.js';

const EXTREMES = [0, -1, -2, 1, 255, 2 ** 31 - 1, -(2 ** 31), 2 ** 24, 64 * 1024 * 1024];

export type Random = (limit: number) => number;

/** mulberry32: numbers from 0 to below `limit` that depend on the seed alone. */
export function random(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

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

/** `original` with one to three things wrong in it. */
export function mutate(original: Buffer, next: Random): Buffer {
  let bytes = Buffer.from(original);
  for (let round = 0; round <= next(3); round++) {
    const mutation = MUTATIONS[next(MUTATIONS.length)];
    if (mutation !== undefined && bytes.length > 0) bytes = Buffer.from(mutation(bytes, next));
  }
  return bytes;
}
