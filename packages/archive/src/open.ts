import { createDecipheriv, type Decipher } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { ArchiveError } from './archive-error.js';
import { BLOCK_BYTES, BUFFER_BYTES, CIPHER, deriveKey, MAGIC, SALT_BYTES } from './envelope.js';

const HEADER_BYTES = MAGIC.length + SALT_BYTES;

/**
 * Decrypts what `createSealer` or `openssl enc -aes-256-cbc -pbkdf2` wrote.
 *
 * Errors: SEAL_NO_MAGIC, SEAL_TRUNCATED, SEAL_BAD_PADDING. None of them is a proof of integrity when it
 * stays away: about 1 wrong key in 256 ends with a padding that happens to be valid, and a flipped bit in
 * the middle is never noticed here. Check the sidecar and the file's checksum first.
 */
export function createOpener(passphrase: string): Transform {
  return new Opener(passphrase);
}

class Opener extends Transform {
  readonly #passphrase: string;
  #header = Buffer.alloc(0);
  #decipher: Decipher | undefined;
  #cipherBytes = 0;

  constructor(passphrase: string) {
    super({ highWaterMark: BUFFER_BYTES });
    this.#passphrase = passphrase;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    if (this.#decipher !== undefined) {
      callback(null, this.#decrypt(this.#decipher, chunk));
      return;
    }
    this.#start(chunk).then((plain) => callback(null, plain), callback);
  }

  override _flush(callback: TransformCallback): void {
    try {
      callback(null, this.#finish());
    } catch (error) {
      callback(error as Error);
    }
  }

  #decrypt(decipher: Decipher, chunk: Buffer): Buffer {
    this.#cipherBytes += chunk.length;
    return decipher.update(chunk);
  }

  /** Collects the header; once it is whole, derives the key and decrypts what came with it. */
  async #start(chunk: Buffer): Promise<Buffer | undefined> {
    const bytes = Buffer.concat([this.#header, chunk]);
    const seen = Math.min(bytes.length, MAGIC.length);
    if (!bytes.subarray(0, seen).equals(MAGIC.subarray(0, seen))) throw noMagic();
    if (bytes.length < HEADER_BYTES) {
      this.#header = bytes;
      return undefined;
    }
    const { key, iv } = await deriveKey(this.#passphrase, bytes.subarray(MAGIC.length, HEADER_BYTES));
    this.#decipher = createDecipheriv(CIPHER, key, iv);
    key.fill(0);
    return this.#decrypt(this.#decipher, bytes.subarray(HEADER_BYTES));
  }

  #finish(): Buffer {
    if (this.#decipher === undefined) {
      throw this.#header.length < MAGIC.length
        ? noMagic()
        : truncated(`ends inside its ${HEADER_BYTES}-byte header`);
    }
    // PKCS#7 always adds a block or a part of one, so even the seal of nothing has one.
    if (this.#cipherBytes === 0 || this.#cipherBytes % BLOCK_BYTES !== 0) {
      throw truncated(
        `holds ${this.#cipherBytes} bytes of ciphertext, not a positive multiple of ${BLOCK_BYTES}`,
      );
    }
    try {
      return this.#decipher.final();
    } catch {
      throw new ArchiveError('SEAL_BAD_PADDING', 'the sealed stream was damaged, or another key sealed it');
    }
  }
}

function noMagic(): ArchiveError {
  return new ArchiveError(
    'SEAL_NO_MAGIC',
    'the stream does not begin with "Salted__": nothing was sealed here',
  );
}

function truncated(detail: string): ArchiveError {
  return new ArchiveError('SEAL_TRUNCATED', `the sealed stream ${detail}`);
}
