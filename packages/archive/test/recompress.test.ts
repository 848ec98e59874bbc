import { randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { deflateSync } from 'node:zlib';
import { expect } from 'chai';
import { createInspector } from '../src/inspect.js';
import { createDeflatePool } from '../src/parallel-gzip/deflate-pool.js';
import { adler32 } from '../src/parallel-gzip/deflate-thread.js';
import { createRecompressor } from '../src/parallel-gzip/recompress.js';
import { joinAdlers, zlibHeader } from '../src/parallel-gzip/zlib-stream.js';
import type { WalkObserver } from '../src/walk.js';
import { byRow, bySize, dissect, inflateWhole, plainBlocks } from './archive-streams.js';
import { entry, head, toc } from './custom-format-writer.js';
import { flow, pieces } from './flow.js';
import { asVersion115, GOLDEN, golden } from './golden.js';

const pool = createDeflatePool(2);

interface Text {
  readonly dumpId: number;
  readonly oid: number | null;
  readonly text: Buffer;
}

async function recompress(archive: Buffer, observer: WalkObserver = {}, pieceSize = 65_536, level = 9) {
  const filter = createRecompressor({ pool, level }, observer);
  const out = await flow(pieces(archive, pieceSize), filter);
  expect(filter.summary().bytes).to.equal(out.length);
  return { out, summary: filter.summary() };
}

/** The archive's texts, of a compressed one inflated. */
function texts(archive: Buffer): Text[] {
  const gzip = archive[6] === 14 ? archive.readUInt32LE(12) > 0 : archive[11] === 1;
  return dissect(archive).streams.map(({ dumpId, oid, stored }) => ({
    dumpId,
    oid,
    text: gzip ? inflateWhole(stored) : stored,
  }));
}

/** The same archive as pg_dump writes it with -Z0: a chunk a row. */
function asPlain(archive: Buffer, cut = byRow): Buffer {
  const preamble = Buffer.from(dissect(archive).preamble);
  preamble[archive[6] === 14 ? 12 : 11] = 0;
  return Buffer.concat([preamble, plainBlocks(texts(archive), cut)]);
}

/** An archive of version 1.16 with a table for each text, and large objects after them. */
function archiveOf(tables: readonly Buffer[], largeObjects: readonly Buffer[] = [], cut = byRow): Buffer {
  const blobs = tables.length + 1;
  const entries = tables.map((_, at) => entry({ dumpId: at + 1 }));
  const streams = [
    ...tables.map((text, at) => ({ dumpId: at + 1, oid: null, text })),
    ...largeObjects.map((text, at) => ({ dumpId: blobs, oid: oidOf(at), text })),
  ];
  if (largeObjects.length > 0) entries.push(entry({ dumpId: blobs, desc: 'BLOBS' }));
  return Buffer.concat([head(), toc(...entries), plainBlocks(streams, cut)]);
}

/** Every other one above 2^31, which is written as a negative number. */
function oidOf(at: number): number {
  return at % 2 === 0 ? 16_384 + at : -2_000_000_000 + at;
}

async function expectSame(archive: Buffer, pieceSize?: number, level = 1): Promise<Buffer> {
  const { out } = await recompress(archive, {}, pieceSize, level);
  const came = dissect(archive);
  const went = dissect(out);
  expect(went.preamble.length).to.equal(came.preamble.length);
  const differing = [...went.preamble.keys()].filter((at) => went.preamble[at] !== came.preamble[at]);
  expect(differing, 'only the compression changes').to.deep.equal([archive[6] === 14 ? 12 : 11]);
  const expected = texts(archive);
  const found = texts(out);
  expect(found.map(({ dumpId, oid }) => [dumpId, oid])).to.deep.equal(
    expected.map(({ dumpId, oid }) => [dumpId, oid]),
  );
  for (const [at, { text }] of expected.entries()) {
    expect(found[at]?.text.equals(text), `stream ${at}`).to.equal(true);
  }
  return out;
}

/** Text that compresses like rows of a table. */
function rows(bytes: number): Buffer {
  const lines: string[] = [];
  for (let at = 0, length = 0; length < bytes; at += 1) {
    const line = `${at}\tpatient ${(at * 7919) % 10_007}\t20${10 + (at % 15)}-0${1 + (at % 9)}-11\t${at ** 2}\n`;
    lines.push(line);
    length += line.length;
  }
  return Buffer.from(lines.join('')).subarray(0, bytes);
}

/** What deep verification finds. */
async function inspect(archive: Buffer) {
  const inspector = createInspector();
  await pipeline([archive], inspector);
  return inspector.result();
}

describe('an archive that is compressed on its way', () => {
  after(() => pool.close());

  const plain = [
    ...GOLDEN.filter((name) => /gzip9|seekable/.test(name)).map(
      (name) => [name, asPlain(golden(name))] as const,
    ),
    ['pg15-plain.pgdump', golden('pg15-plain.pgdump')] as const,
    ['pg15-plain.pgdump of version 1.15', asVersion115(golden('pg15-plain.pgdump'))] as const,
  ];
  for (const [name, archive] of plain) {
    it(`is the same archive: ${name}`, async () => {
      const out = await expectSame(archive);
      expect((await inspect(out)).largeObjects).to.equal(3);
    });
  }

  it('is the same however the bytes are cut on their way', async () => {
    const archive = archiveOf([rows(30_000), Buffer.alloc(0), rows(5)], [randomBytes(3_000), rows(20)]);
    const whole = await expectSame(archive);
    for (const size of [1, 2, 3, 5, 7, 4_093]) {
      expect((await recompress(archive, {}, size, 1)).out.equals(whole), `${size}`).to.equal(true);
    }
  });

  it('is the same however pg_dump cut the rows', async () => {
    const tables = [rows(700_000), rows(1_234)];
    const whole = await expectSame(archiveOf(tables));
    for (const size of [1, 5_000, 65_531, 2 ** 20]) {
      const out = await expectSame(archiveOf(tables, [], bySize(size)));
      expect(out.equals(whole), `chunks of ${size}`).to.equal(true);
    }
  });

  it('holds streams of every length around the end of a block', async () => {
    for (const bytes of [524_287, 524_288, 524_289, 1_048_576, 1_048_577]) {
      await expectSame(archiveOf([rows(bytes), rows(10)]));
      await expectSame(archiveOf([rows(100), rows(bytes - 100), Buffer.alloc(0)]));
    }
  });

  it('holds a row of several blocks, incompressible bytes, and a table of nothing', async () => {
    const row = Buffer.concat([rows(100), randomBytes(3_000_000), rows(2_000_000)]);
    await expectSame(
      archiveOf([Buffer.alloc(0), row], [], (text) => [text]),
      2 ** 30,
    );
  });

  it('holds many small large objects, empty ones, and large ones', async () => {
    const small = Array.from({ length: 20_000 }, (_, at) => rows(at % 40));
    const out = await expectSame(
      archiveOf([], [...small, rows(2_000_000), randomBytes(600_000), Buffer.alloc(0)]),
    );
    // An empty stream is a stream, too: pg_restore up to 15 wants one for each large object.
    expect(dissect(out).streams.at(-1)?.stored.length).to.equal(8);
  });

  it('is never larger than what one thread makes of a table at the same level', async () => {
    for (const text of [rows(1_500_000), rows(40_000)]) {
      for (const level of [1, 6, 9]) {
        const { out } = await recompress(archiveOf([text]), {}, 65_536, level);
        const [stored] = dissect(out).streams.map((stream) => stream.stored);
        const alone = deflateSync(text, { level });
        expect(stored?.length).to.be.at.most(alone.length * 1.002);
        expect(stored?.subarray(0, 2)).to.deep.equal(alone.subarray(0, 2));
      }
    }
  });

  it('is as small where documents, which nothing makes smaller, stand alone or between rows', async () => {
    const line = rows(400_000);
    const documents = Array.from({ length: 60 }, (_, at) => [
      Buffer.from(randomBytes(9_000).toString('hex')),
      line.subarray(at * 6_000, at * 6_000 + 6_000),
    ]);
    const alone = Buffer.concat(documents.map(([document]) => document as Buffer));
    for (const text of [alone, Buffer.concat(documents.flat())]) {
      const [stored] = dissect(await expectSame(archiveOf([text], [], bySize(15_000)), undefined, 9)).streams;
      expect(stored?.stored.length).to.be.at.most(deflateSync(text, { level: 9 }).length * 1.002);
    }
    const [stored] = dissect(await expectSame(archiveOf([alone]), undefined, 9)).streams;
    // 4 bits a digit, which is all that is in it.
    expect(stored?.stored.length).to.be.at.most((alone.length / 2) * 1.02);
  });

  it('tells of entries in order, and of as many bytes as it wrote', async () => {
    const archive = archiveOf([rows(1_500_000), rows(9)], [rows(100), rows(50)]);
    const told: string[] = [];
    const bytes = new Map<number, number>();
    const { out, summary } = await recompress(archive, {
      onToc: ({ compression }, entries) => told.push(`${compression.algorithm} ${entries.length}`),
      onBlockStart: ({ dumpId }) => told.push(`start ${dumpId}`),
      onBytes: ({ dumpId }, more) => bytes.set(dumpId, (bytes.get(dumpId) ?? 0) + more),
      onBlockEnd: ({ dumpId }) => told.push(`end ${dumpId}`),
    });
    expect(told).to.deep.equal(['gzip 3', 'start 1', 'end 1', 'start 2', 'end 2', 'start 3', 'end 3']);
    const stored = new Map<number, number>();
    for (const { dumpId, stored: piece } of dissect(out).streams) {
      stored.set(dumpId, (stored.get(dumpId) ?? 0) + piece.length);
    }
    expect([...bytes]).to.deep.equal([...stored]);
    expect(summary).to.deep.include({ dataBlocks: 3, bytes: out.length });
    expect(summary.head.compression).to.deep.equal({ algorithm: 'gzip' });
  });

  it('has no summary before the end', () => {
    expect(() => createRecompressor({ pool, level: 9 }).summary()).to.throw('not known');
  });
});

describe('Adler-32', () => {
  /** The sum that zlib puts behind a stream. */
  const byZlib = (bytes: Buffer) =>
    deflateSync(bytes, { level: 1 }).readUInt32BE(deflateSync(bytes, { level: 1 }).length - 4);

  it('is what zlib computes, for every length and alignment', () => {
    const bytes = Buffer.concat([Buffer.alloc(4_000, 255), randomBytes(4_000)]);
    for (const from of [0, 1, 2, 3]) {
      for (const length of [0, 1, 2, 3, 4, 5, 511, 512, 513, 516, 1_031, 7_996]) {
        const part = bytes.subarray(from, from + length);
        expect(adler32(part), `${length} bytes from ${from}`).to.equal(byZlib(part));
      }
    }
    expect(adler32(Buffer.alloc(2 ** 20, 255))).to.equal(byZlib(Buffer.alloc(2 ** 20, 255)));
  });

  it('of two texts joins to that of both', () => {
    const bytes = randomBytes(200_000);
    for (const at of [0, 1, 65_520, 65_521, 65_522, 131_042, 199_999, 200_000]) {
      const [first, second] = [bytes.subarray(0, at), bytes.subarray(at)];
      expect(joinAdlers(byZlib(first), byZlib(second), second.length), `${at}`).to.equal(byZlib(bytes));
    }
  });

  it('stands behind a header that zlib writes, too', () => {
    for (let level = 1; level <= 9; level += 1) {
      expect(zlibHeader(level)).to.deep.equal(deflateSync('', { level }).subarray(0, 2));
    }
  });
});
