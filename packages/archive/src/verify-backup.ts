import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ArchiveError } from './archive-error.js';
import { createDigest } from './digest.js';
import { type ArchiveContents, createInspector } from './inspect.js';
import { createOpener } from './open.js';
import type { Sidecar } from './sidecar.js';

/** A file that was opened once and is read from its begin as often as asked. */
export interface OpenFile {
  /** Bytes. */
  readonly size: number;
  read(): Readable;
}

/** `byte` counts in the file; for the steps `archive` and `rows` in the archive inside it. */
export type Verdict<Step extends string> =
  | { readonly ok: true }
  | { readonly ok: false; readonly step: Step; readonly byte: number | null; readonly reason: string };

export type BackupStep = 'size' | 'checksum' | 'gzip' | 'decryption' | 'archive' | 'rows';

export interface VerifyOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/**
 * Checks a backup file against its sidecar, which the caller has authenticated: size and sha256 first, over the whole
 * file, and only then gzip, decryption and archive to their ends, every stream of data inflated, and the rows of
 * every table.
 *
 * @returns the first step that failed. Rejects when `read` or `signal` does: then nothing is known.
 */
export async function verifyBackup(
  backup: OpenFile & { readonly sidecar: Sidecar; readonly passphrase: string },
  options: VerifyOptions,
): Promise<Verdict<BackupStep>> {
  const { sidecar } = backup;
  const total = 2 * backup.size;
  const first = await verifyBytes(
    backup,
    { size: sidecar.size, sha256: sidecar.checksum },
    (done) => options.onProgress?.(done, total),
    options.signal,
  );
  if (!first.ok) return first;
  const inspector = createInspector();
  const content = backup.read();
  let read = 0;
  content.on('data', (chunk: Buffer) => {
    read += chunk.length;
    options.onProgress?.(backup.size + read, total);
  });
  try {
    const opener = createOpener(backup.passphrase);
    await pipeline([content, createGunzip(), opener, inspector], { signal: options.signal });
  } catch (error) {
    return failedStep(error, read);
  }
  return compare(inspector.result(), sidecar);
}

/** Checks a companion against what its backup's authenticated sidecar says of it. */
export async function verifyCompanion(
  companion: OpenFile & {
    readonly expected: { readonly size: number; readonly sha256: string };
    readonly passphrase: string;
  },
  signal: AbortSignal,
): Promise<Verdict<'size' | 'checksum' | 'decryption'>> {
  const first = await verifyBytes(companion, companion.expected, () => {}, signal);
  if (!first.ok) return first;
  try {
    await pipeline(companion.read(), createOpener(companion.passphrase), drain, { signal });
    return { ok: true };
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return { ok: false, step: 'decryption', byte: null, reason: error.message };
  }
}

async function drain(content: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of content);
}

async function verifyBytes(
  file: OpenFile,
  expected: { readonly size: number; readonly sha256: string },
  onBytes: (done: number) => void,
  signal: AbortSignal,
): Promise<Verdict<'size' | 'checksum'>> {
  if (file.size !== expected.size) {
    const reason = `the file has ${file.size} bytes, the sidecar says ${expected.size}`;
    return { ok: false, step: 'size', byte: Math.min(file.size, expected.size), reason };
  }
  const digest = createDigest();
  let done = 0;
  digest.on('data', (chunk: Buffer) => {
    done += chunk.length;
    onBytes(done);
  });
  await pipeline([file.read(), digest], { signal });
  const { bytes, sha256 } = digest.result();
  if (bytes === expected.size && sha256 === expected.sha256) return { ok: true };
  return {
    ok: false,
    step: 'checksum',
    byte: null,
    reason: 'the sha256 of the file is not the one in the sidecar',
  };
}

/** Which of the pipeline's stages an error is of. `read` is how many bytes of the file had been read by then. */
function failedStep(error: unknown, read: number): Verdict<BackupStep> {
  if (error instanceof ArchiveError) {
    const sealed = error.code.startsWith('SEAL_');
    return {
      ok: false,
      step: sealed ? 'decryption' : 'archive',
      byte: sealed ? read : error.byte,
      reason: error.message,
    };
  }
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string' || !code.startsWith('Z_')) throw error;
  return { ok: false, step: 'gzip', byte: read, reason: 'the gzip frame is broken or cut short' };
}

function compare(contents: ArchiveContents, sidecar: Sidecar): Verdict<BackupStep> {
  const reason = differenceOf(contents, sidecar);
  return reason === null ? { ok: true } : { ok: false, step: 'rows', byte: null, reason };
}

function differenceOf(contents: ArchiveContents, sidecar: Sidecar): string | null {
  const key = (table: { schema: string; name: string }) => JSON.stringify([table.schema, table.name]);
  const found = new Map(contents.tables.map((table) => [key(table), table.rows]));
  for (const table of sidecar.tables) {
    const rows = found.get(key(table));
    if (rows === undefined) return `the table ${table.schema}.${table.name} is not in the archive`;
    if (rows !== table.rows) {
      return `the table ${table.schema}.${table.name} has ${rows} rows in the archive, the sidecar says ${table.rows}`;
    }
  }
  if (found.size !== sidecar.tables.length) return 'the archive holds tables that the sidecar does not name';
  if (contents.largeObjects !== sidecar.largeObjects) {
    return `the archive holds ${contents.largeObjects} large objects, the sidecar says ${sidecar.largeObjects}`;
  }
  if (contents.bytes !== sidecar.archiveSize) {
    return `the archive has ${contents.bytes} bytes, the sidecar says ${sidecar.archiveSize}`;
  }
  return null;
}
