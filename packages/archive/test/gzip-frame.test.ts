import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { createGzipFrame } from '../src/gzip-frame.js';
import { flow, pieces } from './flow.js';

describe('the gzip frame', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gzip-frame-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const length of [0, 1, 65_535, 65_536, 300_000]) {
    it(`gunzip accepts it and file calls it gzip (${length} bytes)`, async () => {
      const plain = randomBytes(length);
      const framed = await flow(pieces(plain, 100_000), createGzipFrame());
      const path = join(folder, `${length}.gz`);
      writeFileSync(path, framed);
      execFileSync('gunzip', ['-t', path]);
      expect(execFileSync('gunzip', ['-c', path]).equals(plain)).to.equal(true);
      expect(execFileSync('file', ['-b', path], { encoding: 'utf8' })).to.match(/^gzip compressed data/);
    });
  }

  it('frames no bytes at all, not even an empty chunk', async () => {
    expect(gunzipSync(await flow([], createGzipFrame())).length).to.equal(0);
  });

  it('adds less than a thousandth', async () => {
    const framed = await flow(pieces(randomBytes(2 ** 20), 65_536), createGzipFrame());
    expect(framed.length - 2 ** 20).to.be.lessThan(2 ** 10);
  });

  it('writes the same bytes for the same bytes', async () => {
    const [once, twice] = [
      await flow(Buffer.from('x'), createGzipFrame()),
      await flow(Buffer.from('x'), createGzipFrame()),
    ];
    expect(once.equals(twice)).to.equal(true);
  });
});
