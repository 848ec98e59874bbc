/** The modulus of Adler-32. */
const BASE = 65_521;
const LOW_16 = 0x1_0000;

/** Adler-32 of no bytes. */
export const ADLER_OF_NOTHING = 1;

/** RFC 1950: deflate with a window of 32 KiB, the kind of level, no dictionary, and a check that makes it divide by 31. */
export function zlibHeader(level: number): Buffer {
  const kind = level >= 7 ? 3 : level === 6 ? 2 : level >= 2 ? 1 : 0;
  const word = 0x7800 | (kind << 6);
  const header = Buffer.allocUnsafe(2);
  header.writeUInt16BE(word + (31 - (word % 31)));
  return header;
}

export function zlibTrailer(adler: number): Buffer {
  const trailer = Buffer.allocUnsafe(4);
  trailer.writeUInt32BE(adler);
  return trailer;
}

/** Adler-32 of one text and another after it, from the sums of both and the second one's length in bytes. */
export function joinAdlers(first: number, second: number, secondLength: number): number {
  const [a1, b1] = [first % LOW_16, Math.floor(first / LOW_16)];
  const [a2, b2] = [second % LOW_16, Math.floor(second / LOW_16)];
  const a = (a1 + a2 + BASE - 1) % BASE;
  const b = (b1 + b2 + (secondLength % BASE) * (a1 + BASE - 1)) % BASE;
  return b * LOW_16 + a;
}
