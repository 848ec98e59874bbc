import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { deflateSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { MAX_STRING_BYTES } from '../src/custom-format/primitives.js';
import { MAX_TOC_ENTRIES } from '../src/custom-format/toc.js';
import { createInspector } from '../src/inspect.js';
import { createWalker } from '../src/walk.js';
import { entry, head, int, str, tableData, toc } from './custom-format-writer.js';
import { described, verify } from './described-backup.js';
import { codeOf } from './flow.js';

const MIB = 1024 * 1024;
/** What the process may grow by while it reads what wants all of its memory, in bytes. */
const MAX_GROWTH = 192 * MIB;

/** Gives `begin`, then `again` for ever or up to `bytes`; knows how much was asked for and how large the process became. */
function flood(begin: Buffer, again: Buffer, bytes = Number.POSITIVE_INFINITY) {
  const before = process.memoryUsage.rss();
  const seen = { bytes: 0, growth: 0 };
  function* pour(): Generator<Buffer> {
    yield begin;
    for (seen.bytes = begin.length; seen.bytes < bytes; seen.bytes += again.length) {
      yield again;
      seen.growth = Math.max(seen.growth, process.memoryUsage.rss() - before);
    }
  }
  return { seen, stream: Readable.from(pour(), { objectMode: false }) };
}

const repeated = (part: Buffer, bytes = 256 * 1024) =>
  Buffer.concat(Array(Math.ceil(bytes / part.length)).fill(part));

const walk = (stream: Readable) =>
  codeOf(
    pipeline(stream, createWalker(), async (rest) => {
      for await (const _ of rest);
    }),
  );
const inspect = (stream: Readable) => codeOf(pipeline(stream, createInspector() as Writable));

const TABLE = Buffer.concat([head(), toc(entry())]);
const LARGE_OBJECTS = Buffer.concat([head(), toc(entry({ desc: 'BLOBS' })), Buffer.from([3]), int(1)]);
/** An entry without its end: its list of dependencies goes on. */
const OPEN_ENTRY = entry({ dependencies: [] }).subarray(0, -14);

describe('an archive that wants all memory or all time', function () {
  this.timeout(120_000);

  const refusals: readonly {
    what: string;
    begin: Buffer;
    again: Buffer;
    code: string;
    within: number;
  }[] = [
    {
      what: 'counts more entries than there can be',
      begin: Buffer.concat([head(), int(2 ** 31 - 1)]),
      again: entry(),
      code: 'ARCHIVE_TOO_LARGE',
      within: MIB,
    },
    {
      what: 'counts its entries with ones only',
      begin: Buffer.concat([head(), Buffer.alloc(5, 0xff)]),
      again: entry(),
      code: 'ARCHIVE_MALFORMED',
      within: MIB,
    },
    {
      what: 'has one entry again and again',
      begin: Buffer.concat([head(), int(MAX_TOC_ENTRIES)]),
      again: entry(),
      code: 'ARCHIVE_MALFORMED',
      within: MIB,
    },
    {
      what: 'has a string of 2 GiB',
      begin: Buffer.concat([head(), int(1), int(1), int(0), int(2 ** 31 - 1)]),
      again: Buffer.alloc(MIB, 0x61),
      code: 'ARCHIVE_TOO_LARGE',
      within: 8 * MIB,
    },
    {
      what: 'has an entry without an end',
      begin: Buffer.concat([head(), int(1), OPEN_ENTRY]),
      again: repeated(str('1'), MIB),
      code: 'ARCHIVE_TOO_LARGE',
      within: 80 * MIB,
    },
    {
      what: 'has a chunk of negative length',
      begin: Buffer.concat([TABLE, Buffer.from([1]), int(1), int(-(2 ** 31))]),
      again: Buffer.alloc(MIB),
      code: 'ARCHIVE_MALFORMED',
      within: 8 * MIB,
    },
    {
      what: 'has the block of one table again and again',
      begin: TABLE,
      again: tableData(1, Buffer.from('\\.\n\n\n')),
      code: 'ARCHIVE_MALFORMED',
      within: MIB,
    },
  ];
  for (const { what, begin, again, code, within } of refusals) {
    it(`is refused soon when it ${what} and never ends: ${code}`, async () => {
      for (const read of [walk, inspect]) {
        const { stream, seen } = flood(begin, again);
        expect(await read(stream)).to.equal(code);
        expect(seen.bytes, 'bytes that it took').to.be.lessThan(within);
        expect(seen.growth, 'growth').to.be.lessThan(MAX_GROWTH);
      }
    });
  }

  const floods: readonly { what: string; begin: Buffer; again: Buffer; bytes: number }[] = [
    {
      what: 'one row that goes on',
      begin: Buffer.concat([TABLE, Buffer.from([1]), int(1)]),
      again: str('x'.repeat(250_000)),
      bytes: 256 * MIB,
    },
    {
      what: 'one chunk of 2 GiB',
      begin: Buffer.concat([TABLE, Buffer.from([1]), int(1), int(2 ** 31 - 1)]),
      again: Buffer.alloc(256 * 1024, `${'x'.repeat(63)}\n`),
      bytes: 256 * MIB,
    },
    {
      what: 'rows of one byte in chunks of their own',
      begin: Buffer.concat([TABLE, Buffer.from([1]), int(1)]),
      again: repeated(str('\n')),
      bytes: 8 * MIB,
    },
    {
      what: 'large objects of no bytes',
      begin: LARGE_OBJECTS,
      again: repeated(Buffer.concat([int(7), int(0)])),
      bytes: 4 * MIB,
    },
  ];
  for (const { what, begin, again, bytes } of floods) {
    it(`is read in bounded memory as long as it goes on with ${what}`, async () => {
      for (const read of [walk, inspect]) {
        const { stream, seen } = flood(begin, again, bytes);
        expect(await read(stream)).to.equal('ARCHIVE_TRUNCATED');
        expect(seen.growth, 'growth').to.be.lessThan(MAX_GROWTH);
      }
    });
  }

  it('blows up a thousandfold in bounded memory: a table, and large objects that are each inflated at once', async () => {
    const compressed = Buffer.concat([head({ algorithm: 1 }), toc(entry())]);
    const bomb = deflateSync(Buffer.alloc(256 * MIB));
    expect(bomb.length).to.be.lessThan(MIB);
    const table = flood(Buffer.concat([compressed, tableData(1, bomb)]), Buffer.alloc(0), 0);
    const before = process.memoryUsage.rss();
    expect(await inspect(table.stream)).to.equal('ARCHIVE_DATA_BROKEN');
    expect(process.memoryUsage.rss() - before, 'growth').to.be.lessThan(MAX_GROWTH);

    const small = deflateSync(Buffer.alloc(8 * MIB));
    const objects = Buffer.concat([
      head({ algorithm: 1 }),
      toc(entry({ desc: 'BLOBS' })),
      Buffer.from([3]),
      int(1),
    ]);
    const again = Buffer.concat([int(7), int(small.length), small, int(0)]);
    const { stream, seen } = flood(objects, again, 32 * again.length);
    expect(await inspect(stream)).to.equal('ARCHIVE_TRUNCATED');
    expect(seen.growth, 'growth').to.be.lessThan(MAX_GROWTH);
  });

  it('is refused in bounded memory when the gzip frame around it is the bomb', async () => {
    const file = gzipSync(Buffer.alloc(256 * MIB), { level: 1 });
    const before = process.memoryUsage.rss();
    const verdict = await verify(file, described(file, Buffer.alloc(1)));
    expect(verdict).to.include({ ok: false, step: 'decryption' });
    expect(process.memoryUsage.rss() - before, 'growth').to.be.lessThan(MAX_GROWTH);
  });

  it('is only truncated when it promises the longest string and gives none of it', async () => {
    const begin = Buffer.concat([head(), int(1), int(1), int(0), int(MAX_STRING_BYTES)]);
    const { stream, seen } = flood(begin, Buffer.alloc(1), begin.length);
    expect(await walk(stream)).to.equal('ARCHIVE_TRUNCATED');
    expect(seen.growth).to.be.lessThan(MIB);
  });
});
