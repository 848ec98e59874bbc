import { Transform, type TransformCallback } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { ArchiveError } from './archive-error.js';
import { BUFFER_BYTES } from './envelope.js';

const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
// RFC 1952: magic, deflate, no flags: no name, comment or extra field follows.
const HEADER_BEGIN = Buffer.from([0x1f, 0x8b, 8, 0]);
const NOTHING = Buffer.alloc(0);

/**
 * Reads a stream that is exactly one gzip member without optional header fields, as `createGzipFrame` writes it: CRC-32
 * and length are checked, and nothing may follow. zlib.createGunzip() will not do: it joins further members to the
 * first, and does not mind zeros behind the last.
 *
 * Errors: GZIP_BROKEN.
 */
export function createGunzipMember(): Transform {
  return new GunzipMember();
}

class GunzipMember extends Transform {
  // zlib's default pieces of 16 KiB would cost a thread switch each.
  readonly #inflate = createInflateRaw({ chunkSize: BUFFER_BYTES });
  #header = NOTHING;
  /** The last bytes that came: the trailer, if nothing follows. */
  #heldBack = NOTHING;
  #fed = 0;
  #crc = 0;
  #length = 0;
  #over = false;

  constructor() {
    super({ highWaterMark: BUFFER_BYTES });
    this.#inflate.on('data', (piece: Buffer) => this.#pass(piece));
    this.#inflate.on('end', () => {
      this.#over = true;
    });
    this.#inflate.on('error', (cause) => this.destroy(broken('its data is damaged or cut short', cause)));
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    const missing = HEADER_BYTES - this.#header.length;
    if (missing > 0) {
      this.#header = Buffer.concat([this.#header, chunk.subarray(0, missing)]);
      const begin = this.#header.subarray(0, HEADER_BEGIN.length);
      if (!begin.equals(HEADER_BEGIN.subarray(0, begin.length))) {
        callback(broken('it does not begin with the header of one'));
        return;
      }
    }
    const bytes = Buffer.concat([this.#heldBack, chunk.subarray(Math.max(missing, 0))]);
    const data = bytes.subarray(0, Math.max(bytes.length - TRAILER_BYTES, 0));
    this.#heldBack = bytes.subarray(data.length);
    this.#feed(data, callback);
  }

  override _flush(callback: TransformCallback): void {
    const check = () => callback(this.#fault());
    if (this.#over) check();
    else this.#inflate.once('end', check).end();
  }

  override _read(size: number): void {
    this.#inflate.resume();
    super._read(size);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#inflate.destroy();
    callback(error);
  }

  #pass(piece: Buffer): void {
    this.#crc = crc32(piece, this.#crc);
    this.#length += piece.length;
    if (!this.push(piece)) this.#inflate.pause();
  }

  #feed(data: Buffer, callback: TransformCallback): void {
    if (data.length === 0) callback();
    else if (this.#over) callback(broken('something follows it'));
    else {
      this.#fed += data.length;
      this.#inflate.write(data, () => callback());
    }
  }

  #fault(): ArchiveError | null {
    if (this.#heldBack.length < TRAILER_BYTES) return broken('it ends before its trailer');
    if (this.#inflate.bytesWritten !== this.#fed) return broken('something follows it');
    if (this.#heldBack.readUInt32LE(0) !== this.#crc) return broken('its CRC-32 does not fit');
    if (this.#heldBack.readUInt32LE(4) !== this.#length % 2 ** 32) return broken('its length does not fit');
    return null;
  }
}

function broken(detail: string, cause?: unknown): ArchiveError {
  return new ArchiveError('GZIP_BROKEN', `the file is not one whole gzip member: ${detail}`, { cause });
}
