import { hkdfSync } from 'node:crypto';

// HKDF (RFC 5869) with a label for each purpose, so that a published key id or a guessed MAC key says
// nothing about the encryption key, nor one about the other.
const KEY_ID_INFO = 'safekeep/key-id/v1';
const MAC_INFO = 'safekeep/mac/v1';

/** Public name of a passphrase, 16 hex digits; sidecars carry it to say which key opens a file. */
export function keyId(passphrase: string): string {
  return derive(passphrase, KEY_ID_INFO, 8).toString('hex');
}

/** The 32-byte key of the HMAC-SHA-256 that authenticates sidecars. */
export function macKey(passphrase: string): Buffer {
  return derive(passphrase, MAC_INFO, 32);
}

function derive(passphrase: string, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(passphrase, 'utf8'), '', info, bytes));
}
