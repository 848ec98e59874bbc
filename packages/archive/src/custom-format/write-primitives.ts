import { INT_BYTES } from './primitives.js';

/** A signed 32-bit number as the archive writes it: a byte that is 1 for negative, then the magnitude. */
export function intBytes(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(1 + INT_BYTES);
  bytes[0] = value < 0 ? 1 : 0;
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
}
