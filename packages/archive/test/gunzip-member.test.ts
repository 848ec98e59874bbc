import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { createGunzipMember } from '../src/gunzip-member.js';
import { createGzipFrame } from '../src/gzip-frame.js';
import { codeOf, flow, pieces } from './flow.js';

const CONTENT = randomBytes(200_000);

describe('the gzip reader', () => {
  it('reads what the frame and gzip itself write, however it comes', async () => {
    const framed = await flow(CONTENT, createGzipFrame());
    const packed = execFileSync('gzip', ['-n', '-c'], { input: CONTENT, maxBuffer: 2 ** 24 });
    for (const file of [framed, packed]) {
      for (const size of [101, 4096, file.length]) {
        expect((await flow(pieces(file, size), createGunzipMember())).equals(CONTENT)).to.equal(true);
      }
    }
    const nothing = await flow([], createGzipFrame());
    expect((await flow(pieces(nothing, 1), createGunzipMember())).length).to.equal(0);
  });

  const member = gzipSync(CONTENT.subarray(0, 5000));
  const flipped = (at: number) => {
    const bytes = Buffer.from(member);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };
  const broken: readonly [what: string, file: Buffer][] = [
    ['an empty file', Buffer.alloc(0)],
    ['a header alone', member.subarray(0, 10)],
    ['a file that lacks its last byte', member.subarray(0, -1)],
    ['a file that lacks its trailer', member.subarray(0, -8)],
    ['a file cut in the middle', member.subarray(0, 2000)],
    ['a second member, which gunzip would join', Buffer.concat([member, member])],
    ['a zero behind the member, which gunzip would ignore', Buffer.concat([member, Buffer.alloc(1)])],
    ['a thousand zeros behind', Buffer.concat([member, Buffer.alloc(1000)])],
    ['text behind', Buffer.concat([member, Buffer.from('behind')])],
    ['a bit flipped in the magic', flipped(0)],
    ['a bit flipped in the flags', flipped(3)],
    ['a bit flipped in the middle', flipped(2500)],
    ['a bit flipped in the CRC-32', flipped(member.length - 8)],
    ['a bit flipped in the length', flipped(member.length - 1)],
  ];
  for (const [what, file] of broken) {
    it(`refuses ${what}`, async () => {
      for (const size of [1, 10, 4096, 1 << 20]) {
        const code = await codeOf(flow(pieces(file, size), createGunzipMember()));
        expect(code, `pieces of ${size}`).to.equal('GZIP_BROKEN');
      }
    });
  }

  it('waits for a slow reader: a quarter of a gigabyte of zeros stays a small thing in memory', async function () {
    this.timeout(60_000);
    const bomb = execFileSync('sh', ['-c', 'head -c 268435456 /dev/zero | gzip -n -1'], {
      maxBuffer: 2 ** 24,
    });
    const before = process.memoryUsage().rss;
    let peak = 0;
    let bytes = 0;
    const reader = new Writable({
      write(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        peak = Math.max(peak, process.memoryUsage().rss);
        setImmediate(done);
      },
    });
    await pipeline(Readable.from([bomb]), createGunzipMember(), reader);
    expect(bytes).to.equal(2 ** 28);
    expect(peak - before).to.be.below(128 << 20);
  });
});
