import { expect } from 'chai';
import { createFrame } from '../src/stream-frame.js';
import { codeOf, pieces } from './flow.js';

const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]);
const LZ4 = Buffer.from([0x04, 0x22, 0x4d, 0x18]);

function zstdBlock(last: boolean, type: number, size: number, stored: number): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (type << 1) | (last ? 1 : 0), 0, 3);
  return Buffer.concat([header, Buffer.alloc(stored)]);
}

function lz4Block(size: number, stored = size % 2 ** 31): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32LE(size);
  return Buffer.concat([header, Buffer.alloc(stored, 1)]);
}

const follow = (algorithm: string, stored: Buffer, size: number) => () => {
  const frame = createFrame(algorithm);
  for (const piece of pieces(stored, size)) frame?.feed(piece);
  frame?.finish();
};

const WHOLE: readonly [algorithm: string, what: string, parts: (Buffer | number[])[]][] = [
  ['zstd', 'an empty block', [ZSTD, zstdBlock(true, 0, 0, 0)]],
  [
    'zstd',
    'blocks of every type',
    [ZSTD, zstdBlock(false, 0, 5, 5), zstdBlock(false, 1, 100, 1), zstdBlock(true, 2, 7, 7)],
  ],
  [
    'zstd',
    'a content size and a checksum',
    [ZSTD.subarray(0, 4), [0x64, 3, 0, 0x19, 0, 0, 1, 2, 3, 9, 9, 9, 9]],
  ],
  ['lz4', 'no block', [LZ4, [0x40, 0x40, 0xc0], lz4Block(0)]],
  [
    'lz4',
    'a compressed and a stored block',
    [LZ4, [0x40, 0x40, 0xc0], lz4Block(9), lz4Block(2 ** 31 + 5), lz4Block(0)],
  ],
  [
    'lz4',
    'sizes and checksums of all kinds',
    [LZ4, [0x7d, 0x40], Buffer.alloc(13), lz4Block(3), Buffer.alloc(4), lz4Block(0), Buffer.alloc(4)],
  ],
];

describe('the frame of a compressed stream', () => {
  for (const [algorithm, what, parts] of WHOLE) {
    const stored = Buffer.concat(parts.map((part) => Buffer.from(part)));
    it(`of ${algorithm} ends with ${what}, and not a byte before or behind, in pieces of any size`, async () => {
      for (const size of [1, 4, 1000]) {
        const code = (bytes: Buffer) => codeOf(follow(algorithm, bytes, size));
        expect(await code(stored)).to.equal('none');
        expect(await code(Buffer.concat([stored, Buffer.alloc(1)]))).to.equal('ARCHIVE_DATA_BROKEN');
        expect(await code(Buffer.concat([stored, stored]))).to.equal('ARCHIVE_DATA_BROKEN');
        for (let length = 0; length < stored.length; length++) {
          expect(await code(stored.subarray(0, length)), `cut at ${length}`).to.equal('ARCHIVE_DATA_BROKEN');
        }
      }
    });
  }

  it('is refused when it is another one, of an unknown version, or has an unknown block', async () => {
    const refused: [string, Buffer][] = [
      ['zstd', LZ4],
      ['lz4', ZSTD],
      ['zstd', Buffer.concat([ZSTD, zstdBlock(true, 3, 1, 1)])],
      ['lz4', Buffer.concat([LZ4, Buffer.from([0x80, 0x40, 0xc0]), lz4Block(0)])],
    ];
    for (const [algorithm, stored] of refused) {
      expect(await codeOf(follow(algorithm, stored, 1000))).to.equal('ARCHIVE_DATA_BROKEN');
    }
  });
});
