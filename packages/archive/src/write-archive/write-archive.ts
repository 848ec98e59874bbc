import { Readable } from 'node:stream';
import type { TocEntry } from '../custom-format/toc.js';
import { intBytes } from '../custom-format/write-primitives.js';
import { BUFFER_BYTES } from '../envelope.js';
import { headAndToc, type NewArchive } from './head-and-toc.js';

const BLOCK_DATA = Buffer.from([1]);
/** Largest chunk written, in bytes; readers hold one at a time. */
const MOST_CHUNK = 1024 * 1024;
/** Rows that come one by one are put together up to this size, in bytes: a chunk costs its reader a call. */
const LEAST_CHUNK = 64 * 1024;

/**
 * An archive in pg_dump's custom format, version 1.14, in UTF-8, not compressed: head, table of contents, then the data of
 * the entries that have any, in their order. `dataOf` gives the COPY text of an entry's rows without its terminator; it
 * is asked only when its turn comes, and read no faster than the archive is.
 *
 * Fails with what `dataOf` fails with.
 */
export function writeArchive(
  archive: NewArchive,
  dataOf: (entry: TocEntry) => AsyncIterable<Buffer>,
): Readable {
  return Readable.from(pieces(archive, dataOf), { objectMode: false, highWaterMark: BUFFER_BYTES });
}

async function* pieces(
  archive: NewArchive,
  dataOf: (entry: TocEntry) => AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  yield headAndToc(archive);
  for (const entry of archive.entries) {
    if (!entry.hasData) continue;
    yield Buffer.concat([BLOCK_DATA, intBytes(entry.dumpId)]);
    for await (const piece of together(dataOf(entry))) yield* chunks(piece);
    yield intBytes(0);
  }
}

async function* together(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    held.push(piece);
    bytes += piece.length;
    if (bytes < LEAST_CHUNK) continue;
    yield Buffer.concat(held);
    held = [];
    bytes = 0;
  }
  // As pg_dump ends a table's rows.
  yield Buffer.concat([...held, Buffer.from('\\.\n\n\n', 'latin1')]);
}

function* chunks(piece: Buffer): Generator<Buffer, void, undefined> {
  for (let at = 0; at < piece.length; at += MOST_CHUNK) {
    const chunk = piece.subarray(at, at + MOST_CHUNK);
    yield intBytes(chunk.length);
    yield chunk;
  }
}
