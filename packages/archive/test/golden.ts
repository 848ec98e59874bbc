import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('golden/', import.meta.url);

/** File names of the golden archives; golden/README.md says how each was made. */
export const GOLDEN = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.pgdump'))
  .sort();

export function golden(name: string): Buffer {
  return readFileSync(new URL(name, FOLDER));
}

/**
 * A 1.14 archive as pg_dump 16 would head it (1.15): the two differ in nothing but the compression, an Int
 * level before and one byte for the algorithm after. No package of version 16 was at hand to make a real one.
 */
export function asVersion115(archive: Buffer): Buffer {
  const head = Buffer.from(archive.subarray(0, 11));
  head[6] = 15;
  const gzip = Buffer.from([archive.readUInt32LE(12) === 0 ? 0 : 1]);
  return Buffer.concat([head, gzip, archive.subarray(16)]);
}
