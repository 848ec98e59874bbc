import { read } from 'node:fs';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';

/** What is read at a time, in bytes; a smaller piece costs a wake-up more often. */
const PIECE = 512 * 1024;

const readAt = promisify(read);

/** The bytes of an open file from the first on. It is read at places, so that several readings do not disturb each other. */
export function descriptorContent(descriptor: number): Readable {
  return Readable.from(piecesOf(descriptor), { objectMode: false });
}

async function* piecesOf(descriptor: number): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await readAt(descriptor, Buffer.allocUnsafe(PIECE), 0, PIECE, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
