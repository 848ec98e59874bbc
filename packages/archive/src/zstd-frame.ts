import { ArchiveError } from './archive-error.js';
import type { ByteSource, Reading } from './custom-format/byte-source.js';

const MAGIC = 0xfd2fb528;
const RLE = 1;
const RESERVED = 3;

/** RFC 8878, 3.1.1. */
export function* readZstdFrame(source: ByteSource): Reading<void> {
  if ((yield* source.take(4)).readUInt32LE(0) !== MAGIC) throw broken('it is no zstd frame');
  const descriptor = (yield* source.take(1)).readUInt8(0);
  yield* source.skip(headerBytes(descriptor), () => {});
  for (let last = false; !last; ) {
    const header = (yield* source.take(3)).readUIntLE(0, 3);
    const type = (header >> 1) & 3;
    if (type === RESERVED) throw broken('it has a block of an unknown type');
    yield* source.skip(type === RLE ? 1 : header >> 3, () => {});
    last = (header & 1) === 1;
  }
  const checksum = (descriptor & 4) !== 0;
  yield* source.skip(checksum ? 4 : 0, () => {});
}

/** Bytes of window, dictionary id and content size. */
function headerBytes(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const size = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  return (singleSegment ? 0 : 1) + dictionary + size;
}

function broken(detail: string): ArchiveError {
  return new ArchiveError('ARCHIVE_DATA_BROKEN', detail);
}
