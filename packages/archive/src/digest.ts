import { createHash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { BUFFER_BYTES } from './envelope.js';

/** SHA-256 in hex, and the number of bytes it covers. */
interface DigestResult {
  readonly sha256: string;
  readonly bytes: number;
}

interface Digest extends Transform {
  /** Known once the stream has ended; asked for earlier it throws, because half a hash is no hash. */
  result(): DigestResult;
}

/** Passes bytes on unchanged, and hashes and counts them on the way. */
export function createDigest(): Digest {
  return new Sha256();
}

class Sha256 extends Transform implements Digest {
  readonly #hash = createHash('sha256');
  #bytes = 0;
  #result: DigestResult | undefined;

  constructor() {
    super({ highWaterMark: BUFFER_BYTES });
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    callback(null, chunk);
  }

  override _flush(callback: TransformCallback): void {
    this.#result = { sha256: this.#hash.digest('hex'), bytes: this.#bytes };
    callback();
  }

  result(): DigestResult {
    if (this.#result === undefined) throw new Error('the digest is not known before its stream has ended');
    return this.#result;
  }
}
