import { ArchiveError } from '../archive-error.js';
import type { ByteSource, Reading } from './byte-source.js';
import { INT_BYTES, malformed, OFFSET_BYTES, readByte, readInt, readString } from './primitives.js';
import { intBytes } from './write-primitives.js';

const MAGIC = 'PGDMP';
const FORMAT_CUSTOM = 1;
/** Where the compression stands: behind magic, version, sizes and format. */
const COMPRESSION_AT = MAGIC.length + 6;
const ALGORITHMS = ['none', 'gzip', 'lz4', 'zstd'] as const;

/** What an archive says about itself before its table of contents. */
export interface ArchiveHead {
  /** 1.14: pg_dump 12 to 15; 1.15: 16; 1.16: 17 and later. */
  readonly version: { readonly major: number; readonly minor: number; readonly revision: number };
  /** `level` is recorded up to version 1.14 only; -1 there is zlib's default. */
  readonly compression: { readonly algorithm: (typeof ALGORITHMS)[number]; readonly level?: number };
  readonly createdAt: ArchiveTime;
  readonly database: string | null;
  readonly serverVersion: string | null;
  readonly dumpVersion: string | null;
}

/** Wall clock of the machine that ran pg_dump, in its own time zone, which the archive does not name. */
interface ArchiveTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** Errors: ARCHIVE_MALFORMED, ARCHIVE_UNSUPPORTED, ARCHIVE_TRUNCATED. */
export function* readHead(source: ByteSource): Reading<ArchiveHead> {
  const magic = yield* source.take(MAGIC.length);
  if (magic.toString('latin1') !== MAGIC) throw malformed(source, 'this is no pg_dump custom-format archive');
  const version = yield* readVersion(source);
  yield* checkSizes(source);
  return {
    version,
    compression: yield* readCompression(source, version.minor),
    createdAt: yield* readTime(source),
    database: yield* readString(source),
    serverVersion: yield* readString(source),
    dumpVersion: yield* readString(source),
  };
}

/**
 * The bytes of a head, and of what follows it, with gzip as its compression; nothing else changes, and neither does the length.
 */
export function saysGzip(bytes: Buffer, head: ArchiveHead, level: number): Buffer {
  const changed = Buffer.from(bytes);
  if (head.version.minor >= 15) changed[COMPRESSION_AT] = ALGORITHMS.indexOf('gzip');
  else intBytes(level).copy(changed, COMPRESSION_AT);
  return changed;
}

function* readVersion(source: ByteSource): Reading<ArchiveHead['version']> {
  const major = yield* readByte(source);
  const minor = yield* readByte(source);
  const revision = yield* readByte(source);
  if (major !== 1 || minor < 14 || minor > 16) {
    throw unsupported(`archive version ${major}.${minor} is not one of 1.14, 1.15 and 1.16`);
  }
  return { major, minor, revision };
}

function* checkSizes(source: ByteSource): Reading<void> {
  const intBytes = yield* readByte(source);
  const offsetBytes = yield* readByte(source);
  const format = yield* readByte(source);
  if (intBytes !== INT_BYTES || offsetBytes !== OFFSET_BYTES) {
    throw unsupported(`integers of ${intBytes} and offsets of ${offsetBytes} bytes are not supported`);
  }
  if (format !== FORMAT_CUSTOM) throw unsupported(`archive format ${format} is not the custom format`);
}

function* readCompression(source: ByteSource, minor: number): Reading<ArchiveHead['compression']> {
  if (minor >= 15) {
    const number = yield* readByte(source);
    const algorithm = ALGORITHMS[number];
    if (algorithm === undefined) throw unsupported(`compression algorithm ${number} is not known`);
    return { algorithm };
  }
  const level = yield* readInt(source);
  if (level < -1 || level > 9) throw malformed(source, `the compression level is ${level}`);
  return { algorithm: level === 0 ? 'none' : 'gzip', level };
}

/** C's `struct tm`, field by field; the last one, isdst, means nothing without the time zone. */
function* readTime(source: ByteSource): Reading<ArchiveTime> {
  const second = yield* readInt(source);
  const minute = yield* readInt(source);
  const hour = yield* readInt(source);
  const day = yield* readInt(source);
  const month = (yield* readInt(source)) + 1;
  const year = (yield* readInt(source)) + 1900;
  yield* readInt(source);
  return { year, month, day, hour, minute, second };
}

function unsupported(detail: string): ArchiveError {
  return new ArchiveError('ARCHIVE_UNSUPPORTED', detail);
}
