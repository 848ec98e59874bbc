import { INT_BYTES, OFFSET_BYTES } from '../custom-format/primitives.js';
import type { TocEntry } from '../custom-format/toc.js';
import { intBytes } from '../custom-format/write-primitives.js';
import { offset, string } from './bytes.js';

/** Archive version 1.14, which every pg_restore from 12 on reads. */
const VERSION = [1, 14, 0];
const FORMAT_CUSTOM = 1;
const NOT_COMPRESSED = 0;

/** What an archive says of itself. */
export interface NewArchive {
  readonly createdAt: Date;
  readonly database: string;
  readonly serverVersion: string;
  readonly dumpVersion: string;
  readonly entries: readonly TocEntry[];
}

/** Head and table of contents of an archive whose data is not compressed. */
export function headAndToc(archive: NewArchive): Buffer {
  return Buffer.concat([
    Buffer.from('PGDMP', 'latin1'),
    Buffer.from([...VERSION, INT_BYTES, OFFSET_BYTES, FORMAT_CUSTOM]),
    intBytes(NOT_COMPRESSED),
    time(archive.createdAt),
    string(archive.database),
    string(archive.serverVersion),
    string(archive.dumpVersion),
    intBytes(archive.entries.length),
    ...archive.entries.map(entryBytes),
  ]);
}

/** C's `struct tm`, in UTC. */
function time(at: Date): Buffer {
  const notDaylightSaving = 0;
  return Buffer.concat(
    [
      at.getUTCSeconds(),
      at.getUTCMinutes(),
      at.getUTCHours(),
      at.getUTCDate(),
      at.getUTCMonth(),
      at.getUTCFullYear() - 1900,
      notDaylightSaving,
    ].map(intBytes),
  );
}

function entryBytes(entry: TocEntry): Buffer {
  return Buffer.concat([
    intBytes(entry.dumpId),
    intBytes(entry.hasData ? 1 : 0),
    string(String(entry.catalogTableOid)),
    string(String(entry.catalogOid)),
    string(entry.tag),
    string(entry.desc),
    intBytes(entry.section),
    string(entry.defn),
    string(entry.dropStmt),
    string(entry.copyStmt),
    string(entry.namespace),
    string(entry.tablespace),
    string(entry.tableAccessMethod),
    string(entry.owner),
    string('false'),
    ...entry.dependencies.map((dumpId) => string(String(dumpId))),
    string(null),
    offset(entry.hasData),
  ]);
}
