import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';

/** A stream of node:zlib; `bytesWritten` counts what it used of what it was given. */
export type Inflater = Transform & { readonly bytesWritten: number };

/** What node:zlib's functions give when asked for `info`; @types/node does not know. */
export interface InflatedAtOnce {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** How the runtime inflates one stream of data. */
export interface Codec {
  create(options: { readonly chunkSize: number }): Inflater;
  atOnce(stored: Buffer, options: { readonly maxOutputLength: number }): InflatedAtOnce;
}

const GZIP: Codec = {
  create: (options) => zlib.createInflate(options),
  atOnce: (stored, options) =>
    zlib.inflateSync(stored, { ...options, info: true }) as unknown as InflatedAtOnce,
};

/** Node.js has zstd from 22.15 on; @types/node of the oldest supported version does not know. */
interface ZstdFunctions {
  createZstdDecompress(options: object): Inflater;
  zstdDecompressSync(stored: Buffer, options: object): InflatedAtOnce;
}

/** How data of archives that name this compression is inflated here; `null` where the runtime cannot. */
export function codecOf(algorithm: string): Codec | null {
  if (algorithm === 'gzip') return GZIP;
  if (algorithm !== 'zstd' || !('createZstdDecompress' in zlib)) return null;
  const { createZstdDecompress, zstdDecompressSync } = zlib as unknown as ZstdFunctions;
  return {
    create: (options) => createZstdDecompress(options),
    atOnce: (stored, options) => zstdDecompressSync(stored, { ...options, info: true }),
  };
}
