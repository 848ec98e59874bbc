import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ArchiveError } from './archive-error.js';
import { ByteSource, type Reading } from './custom-format/byte-source.js';
import { type ArchiveHead, readHead } from './custom-format/head.js';
import { readToc, type TocEntry } from './custom-format/toc.js';

/** What an archive says of itself before its data. */
export interface ArchiveToc {
  readonly head: ArchiveHead;
  readonly entries: readonly TocEntry[];
}

/**
 * Reads head and table of contents from the begin of an archive and no further; the stream is destroyed then.
 * Errors: ARCHIVE_MALFORMED, ARCHIVE_UNSUPPORTED, ARCHIVE_TOO_LARGE, ARCHIVE_TRUNCATED, and those of the stream.
 */
export async function readArchiveToc(archive: Readable): Promise<ArchiveToc> {
  const source = new ByteSource();
  const reading = headAndToc(source);
  try {
    for await (const chunk of archive) {
      source.feed(chunk as Buffer);
      const step = reading.next();
      if (step.done === true) return step.value;
    }
    source.end();
    const step = reading.next();
    if (step.done === true) return step.value;
    throw new ArchiveError('ARCHIVE_TRUNCATED', 'the archive ends before its table of contents does');
  } finally {
    archive.destroy();
    await finished(archive).catch(() => {});
  }
}

function* headAndToc(source: ByteSource): Reading<ArchiveToc> {
  const head = yield* readHead(source);
  return { head, entries: yield* readToc(source, head.version.minor) };
}
