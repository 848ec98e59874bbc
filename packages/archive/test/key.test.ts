import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { keyId, macKey } from '../src/key.js';

const PASSPHRASE = 'correct-horse-battery-staple-0123456789';

function opensslHkdf(info: string, bytes: number): string {
  const options = ['digest:SHA256', `key:${PASSPHRASE}`, `info:${info}`].flatMap((option) => [
    '-kdfopt',
    option,
  ]);
  const out = execFileSync('openssl', ['kdf', '-keylen', String(bytes), ...options, 'HKDF'], {
    encoding: 'utf8',
  });
  return out.replace(/[:\s]/g, '').toLowerCase();
}

describe('keys', () => {
  it('derives the id and the MAC key that openssl derives', () => {
    expect(keyId(PASSPHRASE)).to.equal(opensslHkdf('safekeep/key-id/v1', 8));
    expect(macKey(PASSPHRASE).toString('hex')).to.equal(opensslHkdf('safekeep/mac/v1', 32));
  });

  it('gives every passphrase another id, none of which is a part of the MAC key', () => {
    expect(keyId('a'))
      .to.match(/^[0-9a-f]{16}$/)
      .and.not.equal(keyId('b'));
    expect(macKey('a').toString('hex')).to.not.contain(keyId('a'));
  });
});
