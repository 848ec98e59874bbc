import { inflateSync } from 'node:zlib';
import { ByteSource } from '../src/custom-format/byte-source.js';
import { intBytes } from '../src/custom-format/write-primitives.js';
import { readArchive } from '../src/walk.js';

/** One stream of data of an archive: a table's rows or a large object. */
export interface Stream {
  readonly dumpId: number;
  readonly oid: number | null;
  readonly stored: Buffer;
}

interface InflatedWhole {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** Everything before the data blocks, and each stream of data as it is stored. */
export function dissect(archive: Buffer): { preamble: Buffer; streams: Stream[] } {
  const source = new ByteSource();
  const streams: (Omit<Stream, 'stored'> & { pieces: Buffer[] })[] = [];
  let preambleBytes = 0;
  source.feed(archive);
  const reading = readArchive(source, {
    onToc: () => {
      preambleBytes = source.offset;
    },
    onStreamStart: (entry: { dumpId: number }, _offset: number, oid: number | null) =>
      streams.push({ dumpId: entry.dumpId, oid, pieces: [] }),
    onPayload: (piece: Buffer) => streams.at(-1)?.pieces.push(piece),
    onStreamEnd: () => {},
  } as Parameters<typeof readArchive>[1]);
  reading.next();
  source.end();
  if (reading.next().done !== true) throw new Error('the archive is cut short');
  return {
    preamble: archive.subarray(0, preambleBytes),
    streams: streams.map(({ pieces, ...rest }) => ({ ...rest, stored: Buffer.concat(pieces) })),
  };
}

/** Inflates one zlib stream that must end exactly where the bytes do. */
export function inflateWhole(stored: Buffer): Buffer {
  const { buffer, engine } = inflateSync(stored, { info: true }) as unknown as InflatedWhole;
  if (engine.bytesWritten !== stored.length) throw new Error('something follows the zlib stream');
  return buffer;
}

/** The data blocks of streams that are not compressed, in chunks that `cut` makes of each text. */
export function plainBlocks(
  streams: readonly { dumpId: number; oid: number | null; text: Buffer }[],
  cut: (text: Buffer) => Buffer[],
): Buffer {
  const out: Buffer[] = [];
  for (const [at, { dumpId, oid, text }] of streams.entries()) {
    const before = streams[at - 1];
    const goesOn = oid !== null && before?.dumpId === dumpId;
    if (!goesOn) out.push(Buffer.from([oid === null ? 1 : 3]), intBytes(dumpId));
    if (oid !== null) out.push(intBytes(oid));
    for (const chunk of cut(text)) if (chunk.length > 0) out.push(intBytes(chunk.length), chunk);
    out.push(intBytes(0));
    if (oid !== null && streams[at + 1]?.dumpId !== dumpId) out.push(intBytes(0));
  }
  return Buffer.concat(out);
}

/** Cuts after each line, as pg_dump does: a chunk a row. */
export function byRow(text: Buffer): Buffer[] {
  const rows: Buffer[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf(10, at);
    const next = end === -1 ? text.length : end + 1;
    rows.push(text.subarray(at, next));
    at = next;
  }
  return rows;
}

/** Cuts into chunks of `size` bytes. */
export function bySize(size: number): (text: Buffer) => Buffer[] {
  return (text) =>
    Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
      text.subarray(at * size, (at + 1) * size),
    );
}
