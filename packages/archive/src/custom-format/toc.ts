import { ArchiveError } from '../archive-error.js';
import type { ByteSource, Reading } from './byte-source.js';
import { malformed, readInt, readOffsetHasData, readRequiredString, readString } from './primitives.js';
import { type Decode, decoderOf, decodeUtf8 } from './text-encoding.js';

/**
 * Bounds of a table of contents, held in memory whole at about 360 bytes of heap an entry. pg_dump up to 16
 * makes an entry of each large object, so two million are honest; a count beyond that, or half a gibibyte
 * of text, is damage or malice.
 */
export const MAX_TOC_ENTRIES = 2_000_000;
const MAX_TOC_BYTES = 512 * 1024 * 1024;
/** Of all entries together; they are lists without a count. */
const MAX_DEPENDENCIES = 2 * MAX_TOC_ENTRIES;

const MAX_OID = 2 ** 32 - 1;

/** One thing that pg_restore would create, set or fill. Strings are as pg_dump wrote them, read in the encoding that the archive names. */
export interface TocEntry {
  readonly dumpId: number;
  /** Whether one data block follows the table of contents for this entry. */
  readonly hasData: boolean;
  readonly catalogTableOid: number;
  readonly catalogOid: number;
  /** The object's name, mostly; for comments and privileges a phrase such as `TABLE patient`. */
  readonly tag: string;
  /** The kind: `TABLE`, `TABLE DATA`, `BLOBS`, `INDEX`, … */
  readonly desc: string;
  /** 1 none, 2 pre-data, 3 data, 4 post-data. */
  readonly section: number;
  readonly defn: string | null;
  readonly dropStmt: string | null;
  readonly copyStmt: string | null;
  readonly namespace: string | null;
  readonly tablespace: string | null;
  readonly tableAccessMethod: string | null;
  /** pg_class.relkind as a character code, 0 where there is none; from version 1.16. */
  readonly relkind?: number;
  readonly owner: string | null;
  /** Dump ids of what must be restored before; they need not be in this archive. */
  readonly dependencies: readonly number[];
}

/**
 * The whole table of contents of an archive of version 1.`minor`.
 * Errors: ARCHIVE_MALFORMED, ARCHIVE_TOO_LARGE, ARCHIVE_TRUNCATED.
 */
export function* readToc(source: ByteSource, minor: number): Reading<TocEntry[]> {
  const count = yield* readInt(source);
  if (count < 0) throw malformed(source, 'the table of contents has a negative count');
  if (count > MAX_TOC_ENTRIES) throw tooLarge(`${count} entries, more than ${MAX_TOC_ENTRIES}`);
  source.limit(MAX_TOC_BYTES, () => tooLarge(`more than ${MAX_TOC_BYTES} bytes`));
  const seen = new Set<number>();
  const entries: TocEntry[] = [];
  let decode = decodeUtf8;
  let dependencies = 0;
  while (entries.length < count) {
    const entry = yield* readEntry(source, minor, decode, MAX_DEPENDENCIES - dependencies);
    dependencies += entry.dependencies.length;
    if (entry.desc === 'ENCODING') decode = decoderOf(entry.defn);
    if (seen.has(entry.dumpId)) throw malformed(source, `dump id ${entry.dumpId} occurs twice`);
    seen.add(entry.dumpId);
    entries.push(entry);
  }
  source.unlimit();
  return entries;
}

function* readEntry(
  source: ByteSource,
  minor: number,
  decode: Decode,
  maxDependencies: number,
): Reading<TocEntry> {
  const dumpId = yield* readDumpId(source);
  const hasData = yield* readFlag(source);
  const entry = {
    dumpId,
    hasData,
    catalogTableOid: yield* readDecimal(source, MAX_OID),
    catalogOid: yield* readDecimal(source, MAX_OID),
    tag: yield* readRequiredString(source, decode),
    desc: yield* readRequiredString(source),
    section: yield* readSection(source),
    defn: yield* readString(source, decode),
    dropStmt: yield* readString(source, decode),
    copyStmt: yield* readString(source, decode),
    namespace: yield* readString(source, decode),
    tablespace: yield* readString(source, decode),
    tableAccessMethod: yield* readString(source, decode),
    ...(minor >= 16 ? { relkind: yield* readInt(source) } : {}),
    owner: yield* readString(source, decode),
    dependencies: yield* readDependencies(source, maxDependencies),
  };
  if ((yield* readOffsetHasData(source)) !== hasData) {
    throw malformed(source, `the entry with dump id ${dumpId} contradicts itself about having data`);
  }
  return entry;
}

function* readDumpId(source: ByteSource): Reading<number> {
  const dumpId = yield* readInt(source);
  if (dumpId <= 0) throw malformed(source, `${dumpId} is no dump id`);
  return dumpId;
}

function* readFlag(source: ByteSource): Reading<boolean> {
  const flag = yield* readInt(source);
  if (flag !== 0 && flag !== 1) throw malformed(source, `${flag} is neither yes nor no`);
  return flag === 1;
}

function* readSection(source: ByteSource): Reading<number> {
  const section = yield* readInt(source);
  if (section < 1 || section > 4) throw malformed(source, `${section} is no section`);
  return section;
}

function* readDependencies(source: ByteSource, max: number): Reading<number[]> {
  // What was once "table has oids". PostgreSQL 12 dropped those tables and pg_dump writes "false" ever since.
  if ((yield* readString(source)) !== 'false') throw malformed(source, 'an entry has oids');
  const dependencies: number[] = [];
  for (let text = yield* readString(source); text !== null; text = yield* readString(source)) {
    if (dependencies.length === max) throw tooLarge(`more than ${MAX_DEPENDENCIES} dependencies`);
    dependencies.push(decimal(source, text, MAX_OID));
  }
  return dependencies;
}

function* readDecimal(source: ByteSource, max: number): Reading<number> {
  return decimal(source, yield* readRequiredString(source), max);
}

function decimal(source: ByteSource, text: string, max: number): number {
  const value = Number(text);
  if (!/^\d{1,10}$/.test(text) || value > max)
    throw malformed(source, 'a number written as text is out of range');
  return value;
}

function tooLarge(detail: string): ArchiveError {
  return new ArchiveError('ARCHIVE_TOO_LARGE', `the table of contents has ${detail}`);
}
