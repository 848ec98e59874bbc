import { intBytes } from '../custom-format/write-primitives.js';

// WriteStr and WriteOffset of PostgreSQL's src/bin/pg_dump/pg_backup_archiver.c.

const OFFSET_NO_DATA = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0]);
/** In a stream the places of data are not known when the table of contents is written. */
const OFFSET_NOT_SET = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0]);

/** A string in UTF-8; `null` is a length of -1. */
export function string(value: string | null): Buffer {
  if (value === null) return intBytes(-1);
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([intBytes(bytes.length), bytes]);
}

export function offset(hasData: boolean): Buffer {
  return hasData ? OFFSET_NOT_SET : OFFSET_NO_DATA;
}
