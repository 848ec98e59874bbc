import { expect } from 'chai';
import { ZstdFrame } from '../src/zstd-frame.js';
import { codeOf, pieces } from './flow.js';

const WINDOW = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]);
const block = (last: boolean, type: number, size: number, stored: number) => {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (type << 1) | (last ? 1 : 0), 0, 3);
  return Buffer.concat([header, Buffer.alloc(stored)]);
};
const frame = (...parts: Buffer[]) => Buffer.concat([WINDOW, ...parts]);
const follow = (stored: Buffer, size: number) => () => {
  const follower = new ZstdFrame();
  for (const piece of pieces(stored, size)) follower.feed(piece);
  follower.finish();
};

describe('the frame of a zstd stream', () => {
  const whole: readonly [what: string, stored: Buffer][] = [
    ['an empty block', frame(block(true, 0, 0, 0))],
    ['blocks of every type', frame(block(false, 0, 5, 5), block(false, 1, 100, 1), block(true, 2, 7, 7))],
    [
      'a content size and a checksum',
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x64, 3, 0, 0x19, 0, 0, 1, 2, 3, 9, 9, 9, 9]),
    ],
  ];
  for (const [what, stored] of whole) {
    it(`ends with ${what}, and not a byte before or behind, in pieces of any size`, async () => {
      for (const size of [1, 4, 1000]) {
        expect(await codeOf(follow(stored, size))).to.equal('none');
        const longer = Buffer.concat([stored, Buffer.alloc(1)]);
        expect(await codeOf(follow(longer, size))).to.equal('ARCHIVE_DATA_BROKEN');
        for (let length = 0; length < stored.length; length++) {
          const code = await codeOf(follow(stored.subarray(0, length), size));
          expect(code, `cut at ${length}`).to.equal('ARCHIVE_DATA_BROKEN');
        }
      }
    });
  }

  it('is refused when it is none, has an unknown block, or another frame behind it', async () => {
    const one = frame(block(true, 0, 2, 2));
    for (const stored of [Buffer.from('zlib?'), frame(block(true, 3, 1, 1)), Buffer.concat([one, one])]) {
      expect(await codeOf(follow(stored, 1000))).to.equal('ARCHIVE_DATA_BROKEN');
    }
  });
});
