import { Writable } from 'node:stream';
import { ArchiveError } from './archive-error.js';
import { CopyRows } from './copy-rows.js';
import { ByteSource, type Reading } from './custom-format/byte-source.js';
import type { PayloadObserver } from './custom-format/data-blocks.js';
import type { ArchiveHead } from './custom-format/head.js';
import type { TocEntry } from './custom-format/toc.js';
import { BUFFER_BYTES } from './envelope.js';
import { createUnpacker, type Unpacker } from './inflate-stream.js';
import { type ArchiveSummary, readArchive } from './walk.js';

/** What a whole archive was found to hold. */
export interface ArchiveContents {
  readonly tables: readonly { readonly schema: string; readonly name: string; readonly rows: number }[];
  readonly largeObjects: number;
  /** Size of the archive. */
  readonly bytes: number;
}

/** Takes an archive apart that is written to it. */
export interface Inspector extends Writable {
  /** Known once the stream has ended without error; asked for earlier it throws. */
  result(): ArchiveContents;
}

/**
 * Reads a custom-format archive to its end, inflates every stream of data in it and counts the rows. It needs no
 * database, and what passes it can be read by pg_restore to the last row (though not yet be restored: that is a
 * recovery test).
 *
 * Memory: the table of contents, one chunk and one piece of inflated text, whatever the archive claims.
 * Errors: the ARCHIVE_ codes, with the byte of the archive; ARCHIVE_UNSUPPORTED where the data's compression cannot be
 * inflated here (see codecs).
 */
export function createInspector(): Inspector {
  return new ArchiveInspector();
}

/** One thing that the reader found in a chunk, in order. */
type Finding =
  | { readonly kind: 'start'; readonly entry: TocEntry; readonly offset: number }
  | { readonly kind: 'data'; readonly pieces: Buffer[] }
  | { readonly kind: 'end' };

/** The stream of data that is being unpacked. */
interface Current {
  readonly entry: TocEntry;
  readonly offset: number;
  readonly unpacker: Unpacker;
  /** `null` for large objects. */
  readonly rows: CopyRows | null;
}

class ArchiveInspector extends Writable implements Inspector {
  readonly #source = new ByteSource();
  readonly #reading: Reading<ArchiveSummary>;
  readonly #tables: { schema: string; name: string; rows: number }[] = [];
  #findings: Finding[] = [];
  #algorithm = 'none';
  #largeObjects = 0;
  #current: Current | null = null;
  #summary: ArchiveSummary | undefined;

  constructor() {
    super({ highWaterMark: BUFFER_BYTES });
    this.#reading = readArchive(this.#source, this.#observer());
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#source.feed(chunk);
    this.#advance().then(() => callback(), callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#source.end();
    this.#advance().then(() => callback(), callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#current?.unpacker.abandon();
    callback(error);
  }

  result(): ArchiveContents {
    if (this.#summary === undefined)
      throw new Error('the contents are not known before the archive has ended');
    return { tables: this.#tables, largeObjects: this.#largeObjects, bytes: this.#summary.bytes };
  }

  #observer(): PayloadObserver & { onToc(head: ArchiveHead, entries: readonly TocEntry[]): void } {
    return {
      onToc: (head, entries) => {
        this.#algorithm = head.compression.algorithm;
        refuseOtherData(entries);
      },
      onStreamStart: (entry, offset) => this.#findings.push({ kind: 'start', entry, offset }),
      onPayload: (piece) => {
        const last = this.#findings.at(-1);
        if (last?.kind === 'data') last.pieces.push(piece);
        else this.#findings.push({ kind: 'data', pieces: [piece] });
      },
      onStreamEnd: () => this.#findings.push({ kind: 'end' }),
    };
  }

  /**
   * Reads on as far as the bytes go, then unpacks what was found, in order and with back-pressure. That comes first also
   * where the reading stumbled: what stands before that place may be broken, and the first fault is the one to tell.
   */
  async #advance(): Promise<void> {
    let stumble: unknown;
    try {
      const step = this.#reading.next();
      if (step.done === true) this.#summary = step.value;
    } catch (error) {
      stumble = error;
    }
    await this.#unpackAll();
    if (stumble === undefined) return;
    if (this.#current !== null) await located(this.#current, this.#current.unpacker.settle());
    throw stumble;
  }

  async #unpackAll(): Promise<void> {
    const findings = this.#findings;
    this.#findings = [];
    for (const finding of findings) {
      if (this.destroyed) return;
      if (finding.kind === 'start') this.#start(finding.entry, finding.offset);
      else await this.#unpack(this.#current as Current, finding);
    }
  }

  #unpack(current: Current, finding: Exclude<Finding, { kind: 'start' }>): Promise<void> {
    if (finding.kind === 'end') return located(current, this.#end(current));
    return located(current, current.unpacker.write(Buffer.concat(finding.pieces)));
  }

  #start(entry: TocEntry, offset: number): void {
    const rows = entry.desc === 'TABLE DATA' ? new CopyRows() : null;
    const onText = (text: Buffer) => rows?.feed(text);
    const unpacker = createUnpacker(this.#algorithm, onText);
    this.#current = { entry, offset, unpacker, rows };
  }

  async #end({ entry, unpacker, rows }: Current): Promise<void> {
    await unpacker.end();
    this.#current = null;
    if (rows === null) this.#largeObjects += 1;
    else this.#tables.push({ schema: entry.namespace ?? '', name: entry.tag, rows: rows.finish() });
  }
}

/** Rows and large objects are all that pg_dump puts into data blocks; anything else could not be counted. */
export function refuseOtherData(entries: readonly TocEntry[]): void {
  const other = entries.find(
    (entry) => entry.hasData && entry.desc !== 'TABLE DATA' && entry.desc !== 'BLOBS',
  );
  if (other === undefined) return;
  throw new ArchiveError(
    'ARCHIVE_MALFORMED',
    `dump id ${other.dumpId} has data, but is of no kind that has any`,
  );
}

/** Adds to an error of a stream which one it was. */
async function located({ entry, offset }: Current, unpacking: Promise<void>): Promise<void> {
  try {
    await unpacking;
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    const place = `the data of dump id ${entry.dumpId}, which begins at byte ${offset} of the archive`;
    throw new ArchiveError(error.code, `${error.message}: ${place}`, { cause: error, byte: offset });
  }
}
