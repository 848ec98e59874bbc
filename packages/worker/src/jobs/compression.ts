/** How the data inside an archive is compressed: gzip by this process, on all cores; zstd and lz4 by pg_dump itself. */
export interface Compression {
  readonly algorithm: 'gzip' | 'zstd' | 'lz4';
  readonly level: number;
}

/** @param setting a value of BACKUP_COMPRESSION, such as `gzip:9` */
export function readCompression(setting: string): Compression {
  const [algorithm, level] = setting.split(':');
  return { algorithm: algorithm as Compression['algorithm'], level: Number(level) };
}

/** How an archive that this process writes is compressed: zstd and lz4 are pg_dump's. */
export function ownCompression(setting: string): string {
  return readCompression(setting).algorithm === 'gzip' ? setting : 'gzip:9';
}

/** What pg_dump is asked for. */
export function dumpCompression({ algorithm, level }: Compression): string {
  return algorithm === 'gzip' ? '0' : `${algorithm}:${level}`;
}
