import { ArchiveError } from './archive-error.js';
import type { ByteSource, Reading } from './custom-format/byte-source.js';

const MAGIC = 0x184d2204;
const VERSION = 1;
/** Set in a block's size where the block is stored as it is. */
const STORED = 0x8000_0000;

/** LZ4 Frame Format Description, 1.6. */
export function* readLz4Frame(source: ByteSource): Reading<void> {
  if ((yield* source.take(4)).readUInt32LE(0) !== MAGIC) throw broken('it is no lz4 frame');
  const flags = (yield* source.take(2)).readUInt8(0);
  if (flags >> 6 !== VERSION) throw broken('its lz4 frame is of an unknown version');
  const has = (bit: number) => (flags & bit) !== 0;
  const [blockChecksum, contentSize, contentChecksum, dictionary] = [
    has(0x10),
    has(0x08),
    has(0x04),
    has(0x01),
  ];
  const headerChecksum = 1;
  yield* source.skip((contentSize ? 8 : 0) + (dictionary ? 4 : 0) + headerChecksum, () => {});
  for (;;) {
    const size = (yield* source.take(4)).readUInt32LE(0);
    if (size === 0) break;
    yield* source.skip((size % STORED) + (blockChecksum ? 4 : 0), () => {});
  }
  yield* source.skip(contentChecksum ? 4 : 0, () => {});
}

function broken(detail: string): ArchiveError {
  return new ArchiveError('ARCHIVE_DATA_BROKEN', detail);
}
