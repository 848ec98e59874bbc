import type { FileHandle } from 'node:fs/promises';

/** What is read of a file at a time, in bytes. */
const PIECE = 1 << 18;

/** A read stream of the handle would close it when it is destroyed half-way; this leaves it open for the next reading. */
export async function* contentOf(handle: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(PIECE), 0, PIECE, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
