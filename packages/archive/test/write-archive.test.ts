import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { ByteSource } from '../src/custom-format/byte-source.js';
import type { PayloadObserver } from '../src/custom-format/data-blocks.js';
import type { TocEntry } from '../src/custom-format/toc.js';
import { createInspector } from '../src/inspect.js';
import { readArchive } from '../src/walk.js';
import { writeArchive } from '../src/write-archive/write-archive.js';
import { golden } from './golden.js';

/** A type's byte and a dump id stand before the first chunk of a block. */
const BLOCK_HEAD = 6;

/** Reads an archive whole: what it says, the text of each table, and where its first block begins. */
function readWhole(archive: Buffer) {
  const texts = new Map<number, Buffer[]>();
  let toc = archive.length;
  let current: Buffer[] = [];
  const observer: PayloadObserver = {
    onStreamStart: (entry, offset) => {
      toc = Math.min(toc, offset - BLOCK_HEAD);
      current = [];
      texts.set(entry.dumpId, current);
    },
    onPayload: (piece) => current.push(piece),
    onStreamEnd: () => {},
  };
  const source = new ByteSource();
  source.feed(archive);
  source.end();
  const step = readArchive(source, observer).next();
  if (step.done !== true) throw new Error('the archive is not whole');
  return { ...step.value, texts, tocBytes: toc };
}

async function bytesOf(stream: Readable): Promise<Buffer> {
  return Buffer.concat(await stream.toArray());
}

describe('an archive that is written', () => {
  const original = golden('pg15-plain.pgdump');
  const { head, entries: all, texts, tocBytes } = readWhole(original);
  const entries = [...all];
  const { year, month, day, hour, minute, second } = head.createdAt;
  const said = {
    createdAt: new Date(Date.UTC(year, month - 1, day, hour, minute, second)),
    database: head.database ?? '',
    serverVersion: head.serverVersion ?? '',
    dumpVersion: head.dumpVersion ?? '',
  };
  const tables = entries.filter((entry) => entry.desc !== 'BLOBS');
  const written = (rows: (entry: TocEntry) => AsyncIterable<Buffer>, given: TocEntry[] = tables) =>
    writeArchive({ ...said, entries: given }, rows);
  /** COPY's text without its terminator. */
  const rowsOf = ({ dumpId }: TocEntry) => Buffer.concat(texts.get(dumpId) ?? []).subarray(0, -5);

  it('has the very bytes that pg_dump writes for the same head and table of contents', async () => {
    const bytes = await bytesOf(written((entry) => Readable.from([rowsOf(entry)]), entries));
    expect(bytes.subarray(0, tocBytes).equals(original.subarray(0, tocBytes))).to.equal(true);
  });

  it('has the same rows, in chunks of a size that makes sense, and is read to its end', async () => {
    const many = Buffer.from(Array.from({ length: 9_000 }, (_, n) => `${n}\tinvented\n`).join(''));
    const rows = (entry: TocEntry) => (entry.tag === 'never_filled' ? many : rowsOf(entry));
    const byOne = (entry: TocEntry) => [...rows(entry)].map((byte) => Buffer.from([byte]));
    const bytes = await bytesOf(written((entry) => Readable.from(byOne(entry))));
    const again = readWhole(bytes);
    expect(again.entries).to.deep.equal(tables);
    expect(again.head).to.deep.equal(head);
    for (const entry of tables.filter(({ hasData }) => hasData)) {
      const chunks = again.texts.get(entry.dumpId) ?? [];
      expect(Buffer.concat(chunks).toString()).to.equal(`${rows(entry)}\\.\n\n\n`);
      expect(chunks.length).to.be.at.most(4);
    }
    const inspector = createInspector();
    await pipeline([bytes], inspector as Writable);
    expect(inspector.result().tables.find(({ name }) => name === 'never_filled')?.rows).to.equal(9_000);
  });

  it('asks for no more rows than its reader takes', async () => {
    let asked = 0;
    const endless = async function* () {
      for (;;) {
        asked += 1;
        yield Buffer.alloc(64 * 1024, 97);
      }
    };
    const archive = written(endless);
    const reading = archive[Symbol.asyncIterator]();
    for (let taken = 0; taken < 64 * 1024 * 20; ) taken += ((await reading.next()).value as Buffer).length;
    await reading.return?.();
    expect(asked).to.be.below(30);
    expect(archive.destroyed).to.equal(true);
  });

  it('ends with the error of its rows, never as a shorter archive', async () => {
    const broken = async function* () {
      yield Buffer.from('1\n');
      throw new Error('the source is gone');
    };
    const error = await bytesOf(written(broken)).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Error).with.property('message', 'the source is gone');
  });
});
