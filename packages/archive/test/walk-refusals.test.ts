import { finished } from 'node:stream/promises';
import { expect } from 'chai';
import type { ArchiveErrorCode } from '../src/archive-error.js';
import { MAX_STRING_BYTES } from '../src/custom-format/primitives.js';
import { MAX_TOC_ENTRIES } from '../src/custom-format/toc.js';
import { createWalker } from '../src/walk.js';
import { block, entry, head, int, str, toc } from './custom-format-writer.js';
import { codeOf, flow } from './flow.js';
import { golden } from './golden.js';

function walk(...parts: Buffer[]): Promise<ArchiveErrorCode | 'none'> {
  return codeOf(flow(Buffer.concat(parts), createWalker()));
}

const TOC = toc(entry({ dumpId: 1 }), entry({ dumpId: 2, desc: 'BLOBS' }), entry({ dumpId: 3, hasData: 0 }));
const DATA = block(1, ['row', 'row']);
const LARGE_OBJECTS = Buffer.concat([
  Buffer.from([3]),
  int(2),
  ...[int(-1294967296), str('scan'), int(0)],
  ...[int(77), int(0)],
  int(0),
]);

describe('a truncated archive', () => {
  for (const name of ['pg15-gzip9.pgdump', 'pg17-zstd9.pgdump']) {
    it(`is never walked to its end, wherever ${name} is cut`, async () => {
      const archive = golden(name);
      for (let length = 0; length < archive.length; length++) {
        // Thousands of pipelines would cost more than what they carry.
        const walker = createWalker().resume();
        const ended = finished(walker);
        walker.end(archive.subarray(0, length));
        const code = await codeOf(ended);
        expect(code, String(length)).to.be.oneOf(['ARCHIVE_TRUNCATED', 'ARCHIVE_MISSING_DATA']);
      }
    });
  }
});

describe('an archive that pg_dump never wrote', () => {
  it('is taken when it is only unusual: blocks in another order, a large object of no bytes', async () => {
    expect(await walk(head(), TOC, LARGE_OBJECTS, DATA)).to.equal('none');
    expect(await walk(head(), toc())).to.equal('none');
  });

  const unsupported = {
    'another major version': head({ major: 2 }),
    'version 1.13': head({ minor: 13 }),
    'version 1.17': head({ minor: 17 }),
    'integers of 8 bytes': head({ intSize: 8 }),
    'offsets of 4 bytes': head({ offSize: 4 }),
    'the tar format': head({ format: 3 }),
    'an unknown compression': head({ algorithm: 4 }),
  };
  for (const [what, bytes] of Object.entries(unsupported)) {
    it(`is unsupported with ${what}`, async () => {
      expect(await walk(bytes, TOC, DATA, LARGE_OBJECTS)).to.equal('ARCHIVE_UNSUPPORTED');
    });
  }

  const malformedTocs = {
    'another magic': Buffer.from('PGDMQ and more'),
    'a negative count': Buffer.concat([head(), int(-1)]),
    'a dump id of 0': Buffer.concat([head(), toc(entry({ dumpId: 0 }))]),
    'one dump id twice': Buffer.concat([head(), toc(entry(), entry())]),
    'neither data nor none': Buffer.concat([head(), toc(entry({ hasData: 2 }))]),
    'data, and an offset of none': Buffer.concat([head(), toc(entry({ hasData: 1, flag: 3 }))]),
    'no data, and an offset': Buffer.concat([head(), toc(entry({ hasData: 0, flag: 1 }))]),
    'an unknown offset flag': Buffer.concat([head(), toc(entry({ flag: 9 }))]),
    'an oid of letters': Buffer.concat([head(), toc(entry({ oid: '0x1f' }))]),
    'an oid beyond 32 bits': Buffer.concat([head(), toc(entry({ oid: '4294967296' }))]),
    'no tag': Buffer.concat([head(), toc(entry({ tag: null }))]),
    'an unknown section': Buffer.concat([head(), toc(entry({ section: 5 }))]),
    'a table with oids': Buffer.concat([head(), toc(entry({ oids: 'true' }))]),
    'a dependency that is no number': Buffer.concat([head(), toc(entry({ dependencies: ['x'] }))]),
    'a string of negative length': Buffer.concat([head(), int(1), int(1), int(0), int(-2)]),
    'a sign byte that is no sign': Buffer.concat([head(), Buffer.from([2, 1, 0, 0, 0])]),
    'a number beyond 32 bits': Buffer.concat([head(), Buffer.from([0, 0, 0, 0, 0x80])]),
  };
  for (const [what, bytes] of Object.entries(malformedTocs)) {
    it(`is malformed with ${what}`, async () => {
      expect(await walk(bytes)).to.equal('ARCHIVE_MALFORMED');
    });
  }

  const malformedBlocks = {
    'a block for an unknown dump id': block(9, ['x']),
    'a block for an entry without data': block(3, ['x']),
    'a second block for one entry': block(1, ['x']),
    'a block of an unknown type': block(1, ['x'], 2),
    'a table whose block is of large objects': Buffer.concat([Buffer.from([3]), int(1), int(0)]),
    'large objects in a block of rows': block(2, ['x']),
    'a chunk of negative length': Buffer.concat([Buffer.from([1]), int(1), int(-5)]),
    'bytes after the last block': Buffer.from('\0\0\0\0\0\0'),
  };
  for (const [what, bytes] of Object.entries(malformedBlocks)) {
    it(`is malformed with ${what}`, async () => {
      const needsRoom = /^a (block of|table|chunk)/.test(what);
      const before = needsRoom ? [LARGE_OBJECTS] : what.startsWith('large') ? [DATA] : [DATA, LARGE_OBJECTS];
      expect(await walk(head(), TOC, ...before, bytes)).to.equal('ARCHIVE_MALFORMED');
    });
  }

  it('lacks data when an entry has no block', async () => {
    expect(await walk(head(), TOC)).to.equal('ARCHIVE_MISSING_DATA');
    expect(await walk(head(), TOC, DATA)).to.equal('ARCHIVE_MISSING_DATA');
  });

  it('is too large before it costs memory: a long string, a high count', async () => {
    expect(await walk(head(), int(1), int(1), int(0), int(MAX_STRING_BYTES + 1))).to.equal(
      'ARCHIVE_TOO_LARGE',
    );
    expect(await walk(head(), int(MAX_TOC_ENTRIES + 1))).to.equal('ARCHIVE_TOO_LARGE');
  });

  it('is only truncated when it promises a long string and gives none', async () => {
    const before = process.memoryUsage().arrayBuffers;
    expect(await walk(head(), int(1), int(1), int(0), int(MAX_STRING_BYTES))).to.equal('ARCHIVE_TRUNCATED');
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(2 ** 20);
  });
});
