import { ByteSource } from '../src/custom-format/byte-source.js';
import { readArchive } from '../src/walk.js';
import { int } from './custom-format-writer.js';

/** What a number is replaced with: beside limits, what memory or patience could be lost on. */
const EXTREMES = [0, -1, -2, 1, 255, 2 ** 31 - 1, -(2 ** 31), 2 ** 24, 64 * 1024 * 1024, 2_000_000];

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

/** An archive, where its numbers stand, and another one to borrow from. */
export interface Specimen {
  readonly archive: Buffer;
  readonly numbers: readonly number[];
  readonly other: Buffer;
}

type Mutation = (bytes: Buffer, next: Random, specimen: Specimen) => Buffer;

const MUTATIONS: Mutation[] = [
  function flipABit(bytes, next) {
    const at = next(bytes.length);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << next(8)), at);
    return bytes;
  },
  function overwriteAnything(bytes, next) {
    int(EXTREMES[next(EXTREMES.length)] ?? 0).copy(bytes, next(bytes.length));
    return bytes;
  },
  function lieAboutANumber(bytes, next, { numbers }) {
    int(EXTREMES[next(EXTREMES.length)] ?? 0).copy(bytes, oneOf(numbers, bytes, next));
    return bytes;
  },
  function lieALittle(bytes, next, { numbers }) {
    const at = Math.min(oneOf(numbers, bytes, next) + 1, bytes.length - 1);
    bytes.writeUInt8((bytes.readUInt8(at) + next(5) + 254) % 256, at);
    return bytes;
  },
  function fillWithOnes(bytes, next, { numbers }) {
    const at = oneOf(numbers, bytes, next);
    return bytes.fill(0xff, at, Math.min(at + 1 + next(12), bytes.length));
  },
  function zeroARange(bytes, next) {
    const at = next(bytes.length);
    return bytes.fill(0, at, Math.min(at + 1 + next(300), bytes.length));
  },
  function cut(bytes, next) {
    return bytes.subarray(0, next(bytes.length));
  },
  function cutBetweenBlocks(bytes, next, { numbers }) {
    // Most of the last numbers are those of data blocks, which begin with one byte more.
    return bytes.subarray(0, Math.max(0, oneOf(numbers.slice(-25), bytes, next) - 1));
  },
  function removeASlice(bytes, next) {
    const at = next(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + next(64))]);
  },
  function repeatASlice(bytes, next) {
    const at = next(bytes.length);
    const slice = bytes.subarray(at, at + 1 + next(512));
    return Buffer.concat([bytes.subarray(0, at), ...Array(1 + next(40)).fill(slice), bytes.subarray(at)]);
  },
  function moveTheTail(bytes, next) {
    const at = next(bytes.length);
    return Buffer.concat([bytes.subarray(at), bytes.subarray(0, at)]);
  },
  function spliceAnother(bytes, next, { other }) {
    const from = next(other.length);
    const at = next(bytes.length);
    const length = next(4000);
    return Buffer.concat([
      bytes.subarray(0, at),
      other.subarray(from, from + length),
      bytes.subarray(at + length),
    ]);
  },
];

/** One of the places; another one where an earlier mutation has cut it off. */
function oneOf(places: readonly number[], bytes: Buffer, next: Random): number {
  return (places[next(places.length)] ?? 0) % bytes.length;
}

/** The archive with one to three things wrong in it. */
export function mutate(specimen: Specimen, next: Random): Buffer {
  let bytes = Buffer.from(specimen.archive);
  for (let rounds = 1 + next(3); rounds > 0; rounds--) {
    const mutation = MUTATIONS[next(MUTATIONS.length)];
    if (mutation !== undefined && bytes.length > 0) bytes = Buffer.from(mutation(bytes, next, specimen));
  }
  return bytes;
}

/** The places of all numbers of five bytes in a sound archive: lengths, counts, ids. */
export function numbersIn(archive: Buffer): number[] {
  const places: number[] = [];
  class Watched extends ByteSource {
    override takeNow(length: number) {
      if (length === 5) places.push(this.offset);
      return super.takeNow(length);
    }
  }
  const source = new Watched();
  source.feed(archive);
  source.end();
  for (const _ of readArchive(source, {})) throw new Error('a sound archive wants more');
  return places;
}
