import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import type { Random } from '../../property/random.js';

/** What a disk, a cable or a copy does to a file without anybody meaning it. */
export interface Damage {
  readonly what: string;
  /** By what a data file is found to be damaged: before anything of it is decrypted. */
  readonly verdict: 'size' | 'checksum';
  /** `at` chooses where. */
  does(path: string, at: Random): void;
}

const BLOCK = 16;
/** Of a data file: the header of gzip, that of its first stored block, openssl's magic word, the salt; docs/BACKUP_FORMAT.md. */
const [SALT, CIPHERTEXT] = [23, 31];
/** CRC and length at the end of gzip. */
const TRAILER = 8;

const cuts: readonly Damage[] = [
  {
    what: 'is cut short by one byte',
    verdict: 'size',
    does: (path) => truncateSync(path, readFileSync(path).length - 1),
  },
  {
    what: 'is cut short at a 16-byte boundary',
    verdict: 'size',
    does: (path, at) => {
      const blocks = Math.floor((readFileSync(path).length - 1) / BLOCK);
      truncateSync(path, BLOCK * at.between(0, blocks));
    },
  },
];

/** Of a data file. */
export const DATA_DAMAGES: readonly Damage[] = [
  ...cuts,
  flipIn('the header', () => [0, SALT - 1]),
  flipIn('the salt', () => [SALT, CIPHERTEXT - 1]),
  flipIn('the middle', (size) => [CIPHERTEXT, size - TRAILER - 1]),
  flipIn('the trailer', (size) => [size - TRAILER, size - 1]),
];

/** Of any file. */
export const DAMAGES: readonly Damage[] = [...cuts, flipIn('any byte', (size) => [0, size - 1])];

/** One bit of one byte from the first to the last of a part. */
function flipIn(part: string, range: (size: number) => readonly [number, number]): Damage {
  return {
    what: `has a bit flipped in ${part}`,
    verdict: 'checksum',
    does: (path, at) => {
      const bytes = readFileSync(path);
      const byte = at.between(...range(bytes.length));
      bytes[byte] = (bytes[byte] ?? 0) ^ (1 << at.between(0, 7));
      writeFileSync(path, bytes);
    },
  };
}
