import { constants, deflateRawSync } from 'node:zlib';

// JavaScript, because threads start without the loader that runs this package from its sources.

/** RFC 1951's farthest distance, and so all that a dictionary is good for. */
const WINDOW_BYTES = 32_768;
/** The modulus of Adler-32. */
const BASE = 65_521;
/** Words after which 16 bits cannot hold the sums of their bytes: 128 · 2 · 255 < 65,536. */
const STRIP_WORDS = 128;
/** Where a text is tried for repetitions, and how much of it, in bytes. */
const SAMPLES = 8;
const SAMPLE_BYTES = 4_096;
/** Of a sample that repetitions make smaller than this share no other needs to be looked at. */
const CLEAR_GAIN = 0.9;
/** The sums of no bytes. */
const NOTHING = { a: 1, b: 0 };

/**
 * Deflates the parts of one block in a thread of the pool, one after the other. Each ends at a byte, so that what was
 * made in different threads can be put together.
 *
 * @param {import('./deflate-pool.js').DeflateTask} task
 * @returns {import('./deflate-pool.js').DeflatedPart[]}
 */
export default function deflateParts({ text, deflated, level, parts }) {
  const input = new Uint8Array(text);
  const output = new Uint8Array(deflated);
  let at = 0;
  return parts.map((part) => {
    const bytes = deflatePart(input, part, level);
    output.set(bytes, at);
    at += bytes.length;
    return { bytes: bytes.length, adler: adler32(input.subarray(part.from, part.to)) };
  });
}

/**
 * @param {Uint8Array} input
 * @param {import('./deflate-pool.js').BlockPart} part
 * @param {number} level
 */
function deflatePart(input, { from, to, dictionary, last }, level) {
  const length = to - from;
  const windowBits = last && dictionary === 0 ? smallestWindow(length) : 15;
  const matching = !repeatsNothing(input, from, to);
  return deflateRawSync(input.subarray(from, to), {
    level,
    windowBits,
    // 9 with the largest window. State that is cleared for each stream must be small where streams are.
    memLevel: windowBits - 6,
    strategy: matching ? constants.Z_DEFAULT_STRATEGY : constants.Z_HUFFMAN_ONLY,
    finishFlush: last ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
    // Room for incompressible text, so that the output is one piece.
    chunkSize: length + (length >> 8) + 64,
    ...(dictionary > 0 && matching ? { dictionary: input.subarray(from - dictionary, from) } : {}),
  });
}

/**
 * Whether text is such that looking for repetitions finds nothing worth it: scans and other documents that are compressed
 * themselves, and so random digits as COPY writes them. They get smaller without that, by 2 %, and in a quarter of the time. Judged by
 * samples from all over the text, so that rows between the documents are not overlooked.
 *
 * @param {Uint8Array} input
 * @param {number} from
 * @param {number} to
 */
function repeatsNothing(input, from, to) {
  const distance = Math.floor((to - from) / SAMPLES);
  if (distance < 2 * SAMPLE_BYTES) return false;
  let gain = 0;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const at = from + sample * distance + SAMPLE_BYTES;
    const text = input.subarray(at, at + SAMPLE_BYTES);
    const before = input.subarray(at - SAMPLE_BYTES, at);
    const coded = deflateRawSync(text, { level: 1, strategy: constants.Z_HUFFMAN_ONLY }).length;
    const matched = deflateRawSync(text, { level: 1, dictionary: before }).length;
    if (matched < coded * CLEAR_GAIN) return false;
    gain += coded - matched;
  }
  return gain <= 0;
}

/**
 * The window of a whole stream, in bits: zlib looks ahead 262 bytes and finds nothing that far back.
 *
 * @param {number} length
 */
function smallestWindow(length) {
  return length + 262 >= WINDOW_BYTES ? 15 : Math.max(9, Math.ceil(Math.log2(length + 262)));
}

/**
 * zlib computes it, too, but Node does not tell. Four bytes at a time in lanes of 16 bits, 2.3 GB/s; byte by byte 0.9.
 *
 * @param {Uint8Array} bytes
 */
export function adler32(bytes) {
  const skipped = -bytes.byteOffset & 3;
  if (bytes.length < skipped) return packed(adlerBytes(bytes, 0, bytes.length, NOTHING));
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + skipped, (bytes.length - skipped) >> 2);
  let sums = adlerBytes(bytes, 0, skipped, NOTHING);
  for (let at = 0; at < words.length; at += STRIP_WORDS) {
    sums = adlerStrip(words, at, Math.min(at + STRIP_WORDS, words.length), sums);
  }
  return packed(adlerBytes(bytes, skipped + words.length * 4, bytes.length, sums));
}

/** @param {{ a: number, b: number }} sums */
function packed({ a, b }) {
  return b * 65_536 + a;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} from
 * @param {number} to
 * @param {{ a: number, b: number }} sums
 */
function adlerBytes(bytes, from, to, { a, b }) {
  for (let at = from; at < to; at += 1) {
    a += bytes[at] ?? 0;
    b += a;
  }
  return { a: a % BASE, b: b % BASE };
}

/**
 * @param {Uint32Array} words little-endian, as all machines are that PostgreSQL's packages are made for
 * @param {number} from
 * @param {number} to
 * @param {{ a: number, b: number }} sums
 */
function adlerStrip(words, from, to, { a, b }) {
  let even = 0;
  let odd = 0;
  let before = 0;
  for (let at = from; at < to; at += 1) {
    const word = words[at] ?? 0;
    const both = (even + odd) | 0;
    before = (before + (both & 0xffff) + (both >>> 16)) | 0;
    even = (even + (word & 0x00ff00ff)) | 0;
    odd = (odd + ((word >>> 8) & 0x00ff00ff)) | 0;
  }
  const first = even & 0xffff;
  const second = odd & 0xffff;
  const third = even >>> 16;
  const fourth = odd >>> 16;
  const weighted = 4 * (before + first) + 3 * second + 2 * third + fourth;
  return {
    a: (a + first + second + third + fourth) % BASE,
    b: (b + 4 * (to - from) * a + weighted) % BASE,
  };
}
