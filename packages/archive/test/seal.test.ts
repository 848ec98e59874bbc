import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { createOpener } from '../src/open.js';
import { createSealer } from '../src/seal.js';
import { codeOf, flow, pieces } from './flow.js';

// Characters that a shell, an encoding or a trim would each spoil.
const PASSPHRASE = ' ü$pass"phrase\\n with spaces 0123456789 ';
const LENGTHS = [0, 1, 15, 16, 17, 4096, 65_536, 1_000_003];

function openssl(mode: '-d' | '-e', input: Buffer, passphrase = PASSPHRASE): Buffer {
  const args = ['enc', '-aes-256-cbc', '-pbkdf2', mode, '-pass', 'env:SEAL_PASS'];
  const env = { ...process.env, SEAL_PASS: passphrase };
  return execFileSync('openssl', args, { input, env, maxBuffer: 2 ** 24 });
}

describe('sealing', () => {
  for (const length of LENGTHS) {
    it(`openssl opens what we seal, and we open what openssl seals (${length} bytes)`, async () => {
      const plain = randomBytes(length);
      const sealed = await flow(pieces(plain, 10_007), createSealer(PASSPHRASE));
      expect(openssl('-d', sealed).equals(plain)).to.equal(true);
      const opened = await flow(pieces(openssl('-e', plain), 10_007), createOpener(PASSPHRASE));
      expect(opened.equals(plain)).to.equal(true);
    });
  }

  it('never seals the same bytes to the same bytes', async () => {
    const plain = Buffer.from('again and again');
    const [once, twice] = [await flow(plain, createSealer('p')), await flow(plain, createSealer('p'))];
    expect(once.subarray(0, 8).toString()).to.equal('Salted__');
    expect(once.equals(twice)).to.equal(false);
  });

  it('opens a stream that arrives byte by byte', async () => {
    const sealed = await flow(Buffer.from('slowly'), createSealer('p'));
    expect((await flow(pieces(sealed, 1), createOpener('p'))).toString()).to.equal('slowly');
  });
});

describe('opening what is damaged', () => {
  it('takes nothing for sealed that does not begin with the magic', async () => {
    for (const bytes of ['', 'S', 'Salted', 'PGDMP and then something longer']) {
      expect(await codeOf(flow(Buffer.from(bytes), createOpener('p')))).to.equal('SEAL_NO_MAGIC');
    }
  });

  it('refuses a sealed stream cut anywhere, except between two cipher blocks, where padding mostly tells', async () => {
    const sealed = await flow(randomBytes(100), createSealer('p'));
    for (let length = 8; length < sealed.length; length++) {
      const code = await codeOf(flow(sealed.subarray(0, length), createOpener('p')));
      if (length % 16 !== 0 || length === 16) expect(code, String(length)).to.equal('SEAL_TRUNCATED');
      else expect(code, String(length)).to.be.oneOf(['SEAL_BAD_PADDING', 'none']);
    }
  });

  it('gives no plaintext away for a wrong key: bad padding nearly always, garbage else', async () => {
    const plain = Buffer.from('a record about a person');
    const sealed = await flow(plain, createSealer('right'));
    const codes: string[] = [];
    for (let attempt = 0; attempt < 12; attempt++) {
      const opener = createOpener(`wrong ${attempt}`);
      codes.push(
        await codeOf(flow(sealed, opener).then((out) => expect(out.includes('record')).to.equal(false))),
      );
    }
    expect(codes).to.include('SEAL_BAD_PADDING');
    expect(codes.every((code) => code === 'SEAL_BAD_PADDING' || code === 'none')).to.equal(true);
  });

  it("never shows openssl's own message", async () => {
    const sealed = await flow(randomBytes(64), createSealer('p'));
    sealed.fill(0, sealed.length - 16);
    for (let attempt = 0; attempt < 8; attempt++) {
      const error = await flow(sealed, createOpener(`q${attempt}`)).catch((caught: Error) => caught);
      if (error instanceof Error) expect(error.message).to.not.match(/error:|wrong final block|evp|digital/i);
    }
  });
});
