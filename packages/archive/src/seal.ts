import { type Cipher, createCipheriv, randomBytes } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { BUFFER_BYTES, CIPHER, deriveKey, MAGIC, SALT_BYTES } from './envelope.js';

/**
 * Encrypts what flows through it into exactly what `openssl enc -aes-256-cbc -pbkdf2` writes. The salt is
 * new for each stream. Confidentiality only: CBC authenticates nothing, the sidecar's HMAC does.
 */
export function createSealer(passphrase: string): Transform {
  return new Sealer(passphrase);
}

class Sealer extends Transform {
  readonly #passphrase: string;
  /** Set before the first chunk arrives: Node holds chunks back until _construct has called back. */
  #cipher: Cipher | undefined;

  constructor(passphrase: string) {
    super({ highWaterMark: BUFFER_BYTES });
    this.#passphrase = passphrase;
  }

  override _construct(callback: (error?: Error | null) => void): void {
    this.#start().then(() => callback(), callback);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    callback(null, this.#cipher?.update(chunk));
  }

  override _flush(callback: TransformCallback): void {
    callback(null, this.#cipher?.final());
  }

  async #start(): Promise<void> {
    const salt = randomBytes(SALT_BYTES);
    const { key, iv } = await deriveKey(this.#passphrase, salt);
    this.#cipher = createCipheriv(CIPHER, key, iv);
    key.fill(0);
    this.push(Buffer.concat([MAGIC, salt]));
  }
}
