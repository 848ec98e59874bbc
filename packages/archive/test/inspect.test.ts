import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { expect } from 'chai';
import { ArchiveError } from '../src/archive-error.js';
import { CopyRows } from '../src/copy-rows.js';
import { createUnpacker, unpacks } from '../src/inflate-stream.js';
import { type ArchiveContents, createInspector } from '../src/inspect.js';
import { codeOf, pieces } from './flow.js';
import { GOLDEN, golden } from './golden.js';

async function inspect(archive: Buffer, size = 1000): Promise<ArchiveContents> {
  const inspector = createInspector();
  await pipeline(pieces(archive, size), inspector as Writable);
  return inspector.result();
}

const READABLE = GOLDEN.filter((name) => unpacks(/zstd|lz4/.exec(name)?.[0] ?? 'gzip'));

describe('the inspector', () => {
  for (const name of READABLE) {
    it(`counts every row and large object of ${name}, however the bytes come`, async () => {
      for (const size of [1, 7, 4096, 1 << 20]) {
        const contents = await inspect(golden(name), size);
        expect(contents.tables).to.have.deep.members([
          { schema: 'clinic', name: 'never_filled', rows: 0 },
          { schema: 'clinic', name: 'patient', rows: 3 },
          { schema: 'clinic', name: 'visit', rows: 60 },
        ]);
        expect(contents.largeObjects).to.equal(3);
        expect(contents.bytes).to.equal(golden(name).length);
      }
    });
  }

  it('says that it cannot inflate what the runtime cannot (lz4, zstd before Node.js 22.15), rather than that it did', async () => {
    for (const name of GOLDEN.filter((golden) => !READABLE.includes(golden))) {
      expect(await codeOf(inspect(golden(name)))).to.equal('ARCHIVE_UNSUPPORTED');
    }
  });

  it('never reads a truncated archive to its end, wherever it was cut', async () => {
    const archive = golden('pg15-gzip9.pgdump');
    for (let length = 0; length < archive.length; length += 13) {
      const code = await codeOf(inspect(archive.subarray(0, length), 4096));
      expect(code, `cut at ${length}`).to.match(/^ARCHIVE_/);
    }
  });

  it('finds every flipped bit in a stream of data: Adler-32, structure or rows', async () => {
    const archive = golden('pg15-gzip9.pgdump');
    const sound = JSON.stringify(await inspect(archive));
    const dataBegins = archive.indexOf(Buffer.from([0x78, 0xda]));
    expect(dataBegins).to.be.above(0);
    for (let at = dataBegins; at < archive.length; at += 3) {
      const damaged = Buffer.from(archive);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      const result = await inspect(damaged, 4096).then(
        (contents) => JSON.stringify(contents),
        (error: unknown) => {
          expect(error, `byte ${at}`).to.be.instanceOf(ArchiveError);
          return 'refused';
        },
      );
      // An oid of a large object has no checksum in this format; its file's sha256 covers it.
      expect(result, `byte ${at}`).to.be.oneOf(['refused', sound]);
    }
  });
});

describe('the rows of a COPY text', () => {
  const END = '\\.\n\n\n';
  const texts: readonly [what: string, text: string, rows: number][] = [
    ['no rows', END, 0],
    ['one row', `a\tb\n${END}`, 1],
    ['empty values, which look like empty lines', `\n\n\n${END}`, 3],
    ['NULL and escaped backslashes', `\\N\n\\\\.\n\\\\\n${END}`, 3],
    ['a value that is a dot, and one that begins with the terminator', `.\n\\\\.x\n${END}`, 2],
    ['carriage returns and tabs', `a\r\tb\n\r\n${END}`, 2],
    ['a row of 3 MB', `${'x'.repeat(3_000_000)}\n${END}`, 1],
  ];
  for (const [what, text, expected] of texts) {
    it(`are counted with ${what}, in pieces of any size`, () => {
      for (const size of [1, 2, 3, 1000, text.length]) {
        if (size < 1000 && text.length > 1000) continue;
        const rows = new CopyRows();
        for (const piece of pieces(Buffer.from(text), size)) rows.feed(piece);
        expect(rows.finish()).to.equal(expected);
      }
    });
  }

  for (const [what, text] of [
    ['without a terminator', 'a\nb\n'],
    ['cut inside the terminator', 'a\n\\.'],
    ['with a line break too few', 'a\n\\.\n\n'],
    ['with a line break too many', 'a\n\\.\n\n\n\n'],
    ['with rows behind the terminator', `a\n${END}b\n`],
    ['that are nothing at all', ''],
  ] as const) {
    it(`are not believed ${what}`, async () => {
      const rows = new CopyRows();
      const code = await codeOf(() => {
        rows.feed(Buffer.from(text));
        rows.finish();
      });
      expect(code).to.equal('ARCHIVE_DATA_BROKEN');
    });
  }
});

/** Node.js has zstd from 22.15 on. */
const { zstdCompressSync } = zlib as unknown as { zstdCompressSync?: (text: Buffer) => Buffer };
const COMPRESS = { gzip: zlib.deflateSync as (text: Buffer) => Buffer, zstd: zstdCompressSync };

for (const [algorithm, compress] of Object.entries(COMPRESS))
  describe(`one stream compressed with ${algorithm}`, () => {
    if (compress === undefined) {
      it('is not inflated by this version of Node.js');
      return;
    }
    async function unpack(stored: Buffer, size = 1000): Promise<number> {
      let bytes = 0;
      const unpacker = createUnpacker(algorithm, (text) => {
        bytes += text.length;
      });
      for (const piece of pieces(stored, size)) await unpacker.write(piece);
      await unpacker.end();
      return bytes;
    }
    const text = Buffer.from('a row\n'.repeat(10_000));

    it('is inflated to its end', async () => {
      expect(await unpack(compress(text))).to.equal(text.length);
    });

    const broken: readonly [string, Buffer][] = [
      ['cut short', compress(text).subarray(0, -5)],
      ['without its checksum', compress(text).subarray(0, -4)],
      ['followed by one byte', Buffer.concat([compress(text), Buffer.from([0])])],
      ['followed by another stream', Buffer.concat([compress(text), compress(text)])],
      ['of another format', Buffer.from('not compressed at all')],
      ['that is empty', Buffer.alloc(0)],
    ];
    for (const [what, stored] of broken) {
      it(`is refused ${what}, in one piece and in many`, async () => {
        for (const size of [1, 10, 1 << 20]) {
          expect(await codeOf(unpack(stored, size)), `pieces of ${size}`).to.equal('ARCHIVE_DATA_BROKEN');
        }
      });
    }

    it('that is small and blows up is inflated whole all the same', async () => {
      const bomb = compress(Buffer.alloc(4 << 20));
      expect(bomb.length).to.be.below(8192);
      expect(await unpack(bomb, 1 << 20)).to.equal(4 << 20);
    });

    it('that blows up to a quarter of a gigabyte stays a small thing in memory', async function () {
      this.timeout(60_000);
      const bomb = compress(Buffer.alloc(256 << 20));
      const before = process.memoryUsage().rss;
      let peak = 0;
      const unpacker = createUnpacker(algorithm, () => {
        peak = Math.max(peak, process.memoryUsage().rss);
      });
      await unpacker.write(bomb);
      await unpacker.end();
      expect(peak - before).to.be.below(128 << 20);
    });
  });
