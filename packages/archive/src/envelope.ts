import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';

// The parameters that `openssl enc -aes-256-cbc -pbkdf2` uses when told nothing else (OpenSSL 1.1.1 and
// 3.x: 10,000 rounds, SHA-256). Changing one would end the promise that stock tools open every backup.
export const CIPHER = 'aes-256-cbc';
export const MAGIC = Buffer.from('Salted__', 'latin1');
export const SALT_BYTES = 8;
export const BLOCK_BYTES = 16;
const ROUNDS = 10_000;
const KEY_BYTES = 32;
const IV_BYTES = 16;

/** Bytes a stream may hold before it asks its producer to wait; four of the pipe reads Node makes. */
export const BUFFER_BYTES = 256 * 1024;

const pbkdf2Async = promisify(pbkdf2);

/** Key and IV as openssl derives them; the passphrase counts as its UTF-8 bytes. Does not block. */
export async function deriveKey(passphrase: string, salt: Buffer): Promise<{ key: Buffer; iv: Buffer }> {
  const secret = Buffer.from(passphrase, 'utf8');
  const bytes = await pbkdf2Async(secret, salt, ROUNDS, KEY_BYTES + IV_BYTES, 'sha256');
  return { key: bytes.subarray(0, KEY_BYTES), iv: bytes.subarray(KEY_BYTES) };
}
