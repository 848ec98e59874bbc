import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { encryptionKeyWeakness } from '../../src/config/encryption-key.js';

/** Keys that are refused, and why. */
const WEAK: Record<string, string[]> = {
  'at least 32 are needed': ['', 'hunter2', 'x'.repeat(31), 'gQ7tZp3nW9kLs2VbXc5RmYd8HfJ4eU6'],
  'white space': [
    'correct horse battery staple and some more',
    'gQ7tZp3nW9kLs2VbXc5RmYd8HfJ4eU6a\n',
    '\tgQ7tZp3nW9kLs2VbXc5RmYd8HfJ4eU6a',
    'gQ7tZp3nW9kLs2Vb\u00a0Xc5RmYd8HfJ4eU6a',
  ],
  'control character': ['gQ7tZp3nW9kLs2Vb\0Xc5RmYd8HfJ4eU6a', 'gQ7tZp3nW9kLs2Vb\u001bXc5RmYd8HfJ4eU6a'],
  'different characters': [
    'a'.repeat(64),
    '01'.repeat(20),
    'abcabcabc'.repeat(5),
    '112233445566778899112233445566778',
  ],
  'repeats itself': [
    'Winter2024!Winter2024!Winter2024!',
    '0123456789abcdef0123456789abcdef',
    'changeme-4711-changeme-4711-changeme',
  ],
  'a sequence': [
    'abcdefghijklmnopqrstuvwxyz012345',
    '0123456789:;<=>?@ABCDEFGHIJKLMNO',
    'zyxwvutsrqponmlkjihgfedcba987654',
  ],
  'looks like words': [
    'CorrectHorseBatteryStapleOrangePiano',
    'correct-horse-battery-staple-orange',
    'your-32-character-encryption-key-here',
    'replace_this_with_your_own_secret_key',
    'thequickbrownfoxjumpsoverthelazydog',
    'MEDICAL-BACKUP-ENCRYPTION-KEY-PROD',
  ],
  'openssl reads no more': [
    Array.from({ length: 400 }, (_, at) => `${at * 7919}`)
      .join('q')
      .slice(0, 1024),
  ],
};

/** Reproducible random bytes; the seed is in the test's name. */
function randomFrom(seed: string): (size: number) => Buffer {
  let count = 0;
  return (size) => {
    count += 1;
    return createHash('sha512').update(`${seed}:${count}`).digest().subarray(0, size);
  };
}

describe('an encryption key', () => {
  for (const [reason, keys] of Object.entries(WEAK)) {
    it(`is refused because of: ${reason}`, () => {
      for (const key of keys) expect(encryptionKeyWeakness(key), key).to.contain(reason);
    });
  }

  it('that is refused is never quoted in the reason', () => {
    for (const key of Object.values(WEAK)
      .flat()
      .filter((key) => key.length > 3)) {
      expect(encryptionKeyWeakness(key)).to.not.contain(key);
    }
  });

  it('may use any printable character', () => {
    expect(encryptionKeyWeakness('gQ7tZp3nW9k$"\'`\\;&|<>(){}*?~!#%^é漢😀')).to.equal(null);
  });

  const seed = randomBytes(8).toString('hex');
  const random = randomFrom(seed);
  const sorts: [name: string, make: () => string, mayRefuse: number][] = [
    ['openssl rand -base64 48', () => random(48).toString('base64'), 2],
    ['openssl rand -base64 32', () => random(32).toString('base64'), 2],
    ['openssl rand -hex 32', () => random(32).toString('hex'), 2],
    // The worst of these: one key in 10^4 is refused, so that three of 500 would be one run in 10^5.
    ['openssl rand -hex 16', () => random(16).toString('hex'), 2],
  ];
  for (const [name, make, mayRefuse] of sorts) {
    it(`from \`${name}\` is taken (500 keys, seed ${seed})`, () => {
      const refused = Array.from({ length: 500 }, make).filter((key) => encryptionKeyWeakness(key) !== null);
      expect(refused.length, refused.join(' ')).to.be.at.most(mayRefuse);
    });
  }
});
