import { type Duplex, type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ArchiveError } from './archive-error.js';
import { differenceOf } from './compare-contents.js';
import { createDigest } from './digest.js';
import { createGunzipMember } from './gunzip-member.js';
import { createInspector, type Inspector } from './inspect.js';
import { createOpener } from './open.js';
import type { Sidecar } from './sidecar.js';

/** A file that was opened once and is read from its begin as often as asked. */
interface OpenFile {
  /** Bytes. */
  readonly size: number;
  read(): Readable;
}

interface Failure<Step extends string> {
  readonly ok: false;
  readonly step: Step;
  /**
   * Where, if known: for the step `archive` in the archive, where the broken thing begins; for the others in the file,
   * up to where it had been read.
   */
  readonly byte: number | null;
  /** A sentence; it quotes nothing of the content. */
  readonly reason: string;
}

export type Verdict<Step extends string> = { readonly ok: true } | Failure<Step>;

export type BackupStep = 'size' | 'checksum' | 'gzip' | 'decryption' | 'archive' | 'rows';

/** What a backup file is checked against. */
export interface BackupToVerify {
  /** Bytes of the file. */
  readonly size: number;
  readonly sidecar: Sidecar;
  readonly passphrase: string;
}

export interface VerifyOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/**
 * Checks a backup file against its sidecar, which the caller has authenticated: size and sha256 first, over the whole
 * file, and only then gzip, decryption and archive to their ends, every stream of data inflated, and the rows of
 * every table.
 *
 * @param inspect gives what takes the archive apart; it is asked when the file's bytes are known to be right
 * @returns the first step that failed. Rejects when `read` or `signal` does: then nothing is known.
 */
export async function verifyBackup(
  backup: OpenFile & BackupToVerify,
  options: VerifyOptions,
  inspect: () => Inspector | Promise<Inspector> = createInspector,
): Promise<Verdict<BackupStep>> {
  const { sidecar } = backup;
  const first = await verifyBytes(
    backup,
    { size: sidecar.size, sha256: sidecar.checksum },
    (done) => options.onProgress?.(done, 2 * backup.size),
    options.signal,
  );
  if (!first.ok) return first;
  return verifyContent(backup, options, await inspect());
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

/** Compares size and sha256 of a file with what its authenticated sidecar says; decrypts nothing. */
export async function verifyBytes(
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

/** One pass over the file that takes it apart, and on a failure a second one for the true step. */
async function verifyContent(
  backup: OpenFile & BackupToVerify,
  options: VerifyOptions,
  inspector: Inspector,
): Promise<Verdict<BackupStep>> {
  const onBytes = (done: number) => options.onProgress?.(backup.size + done, 2 * backup.size);
  const stages = [createGunzipMember(), createOpener(backup.passphrase), inspector];
  const failure = await passThrough(backup, stages, onBytes, options.signal);
  if (failure === null) {
    const reason = differenceOf(inspector.result(), backup.sidecar);
    return reason === null ? { ok: true } : { ok: false, step: 'rows', byte: null, reason };
  }
  if (failure.step === 'gzip') return failure;
  // A later step stumbles at once over what an earlier one reports at its end: a wrong key is no broken archive.
  const before =
    failure.step === 'archive'
      ? [createGunzipMember(), createOpener(backup.passphrase)]
      : [createGunzipMember()];
  return (await passThrough(backup, [...before, createSink()], () => {}, options.signal)) ?? failure;
}

function createSink(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

/** @returns what failed, `null` when everything reached its end; rejects when reading failed or was stopped */
async function passThrough(
  file: OpenFile,
  stages: readonly (Duplex | Writable)[],
  onBytes: (done: number) => void,
  signal: AbortSignal,
): Promise<Failure<BackupStep> | null> {
  const content = file.read();
  let read = 0;
  content.on('data', (chunk: Buffer) => {
    read += chunk.length;
    onBytes(read);
  });
  try {
    await pipeline([content, ...stages], { signal });
    return null;
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    const step = stepOf(error);
    return { ok: false, step, byte: step === 'archive' ? error.byte : read, reason: error.message };
  }
}

function stepOf({ code }: ArchiveError): 'gzip' | 'decryption' | 'archive' {
  if (code.startsWith('GZIP_')) return 'gzip';
  return code.startsWith('SEAL_') ? 'decryption' : 'archive';
}
