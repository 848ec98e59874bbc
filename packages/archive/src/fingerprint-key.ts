import { createHmac, randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { canonicalJson } from './canonical-json.js';
import { createOpener } from './open.js';
import { createSealer } from './seal.js';

const KEY_BYTES = 32;

/** The random key of one backup's fingerprint, and the form in which its sidecar keeps it. */
interface FingerprintKey {
  readonly key: Buffer;
  /** Base64 of the key, sealed like a backup file. */
  readonly sealed: string;
}

/**
 * A new key for one fingerprint. Sidecars are not secret, and a plain hash of a table with few or predictable rows could
 * be guessed at; under a key that only the encryption key opens it cannot. It is random and not derived, so that a
 * change of the encryption key needs to seal it anew and nothing else.
 */
export async function createFingerprintKey(passphrase: string): Promise<FingerprintKey> {
  const key = randomBytes(KEY_BYTES);
  const sealed = await through(key, createSealer(passphrase));
  return { key, sealed: sealed.toString('base64') };
}

/** The key out of an authenticated sidecar. Errors: the SEAL_ codes. */
export async function openFingerprintKey(sealed: string, passphrase: string): Promise<Buffer> {
  return through(Buffer.from(sealed, 'base64'), createOpener(passphrase));
}

async function through(bytes: Buffer, stage: Duplex): Promise<Buffer> {
  stage.end(bytes);
  return buffer(stage);
}

/** The first `bytes` bytes of HMAC-SHA-256(key, canonical JSON of `value`), in hex. */
export function keyedHash(key: Buffer, value: unknown, bytes: number): string {
  const mac = createHmac('sha256', key).update(canonicalJson(value), 'utf8').digest();
  return mac.subarray(0, bytes).toString('hex');
}
