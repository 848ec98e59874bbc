import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { createDigest } from '../src/digest.js';
import { flow, pieces } from './flow.js';

describe('the digest', () => {
  it('passes bytes on unchanged and knows their SHA-256 and number', async () => {
    const bytes = randomBytes(200_001);
    const digest = createDigest();
    expect((await flow(pieces(bytes, 7919), digest)).equals(bytes)).to.equal(true);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(digest.result()).to.deep.equal({ sha256, bytes: bytes.length });
  });

  it('gives no result before the end', () => {
    expect(() => createDigest().result()).to.throw('not known');
  });
});
