import { ArchiveError } from '../archive-error.js';
import type { ByteSource, Reading } from './byte-source.js';
import { type Decode, decodeUtf8 } from './text-encoding.js';

// ReadInt, ReadStr and ReadOffset of PostgreSQL's src/bin/pg_dump/pg_backup_archiver.c.

/** The only sizes pg_dump writes on any platform PostgreSQL 12 and later runs on. The head is checked for them. */
export const INT_BYTES = 4;
export const OFFSET_BYTES = 8;

/**
 * Longest string accepted, in bytes. The longest honest ones are function bodies and view definitions;
 * a length beyond this is damage, and believing it would let one Int ask for 2 GiB of memory.
 */
export const MAX_STRING_BYTES = 64 * 1024 * 1024;

export function malformed(source: ByteSource, detail: string): ArchiveError {
  return new ArchiveError('ARCHIVE_MALFORMED', `${detail}, at byte ${source.offset} of the archive`, {
    byte: source.offset,
  });
}

export function* readByte(source: ByteSource): Reading<number> {
  const bytes = yield* source.take(1);
  return bytes.readUInt8(0);
}

/** A signed 32-bit number: a byte that is 1 for negative, then the magnitude. */
export function* readInt(source: ByteSource): Reading<number> {
  const bytes = source.takeNow(1 + INT_BYTES) ?? (yield* source.take(1 + INT_BYTES));
  const negative = bytes.readUInt8(0);
  const magnitude = bytes.readUInt32LE(1);
  if (negative > 1 || magnitude > 0x7fffffff + negative) throw malformed(source, 'a number is out of range');
  return negative === 1 ? 0 - magnitude : magnitude;
}

/** A string in the dump's encoding; null for a length of -1. */
export function* readString(source: ByteSource, decode: Decode = decodeUtf8): Reading<string | null> {
  const length = yield* readInt(source);
  if (length === -1) return null;
  if (length < 0) throw malformed(source, 'a string has a negative length');
  if (length > MAX_STRING_BYTES) {
    throw new ArchiveError(
      'ARCHIVE_TOO_LARGE',
      `a string of ${length} bytes is longer than ${MAX_STRING_BYTES}, at byte ${source.offset} of the archive`,
    );
  }
  const bytes = source.takeNow(length) ?? (yield* source.take(length));
  return decode(bytes);
}

export function* readRequiredString(source: ByteSource, decode: Decode = decodeUtf8): Reading<string> {
  const text = yield* readString(source, decode);
  if (text === null) throw malformed(source, 'a string that must be there is NULL');
  return text;
}

/** Whether an Offset says that data exists for its entry (flag 1: place unknown, 2: place known, 3: no data). */
export function* readOffsetHasData(source: ByteSource): Reading<boolean> {
  const bytes = yield* source.take(1 + OFFSET_BYTES);
  const flag = bytes.readUInt8(0);
  if (flag < 1 || flag > 3) throw malformed(source, `an offset has the unknown flag ${flag}`);
  return flag !== 3;
}
