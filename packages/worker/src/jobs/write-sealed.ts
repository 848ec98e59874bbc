import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createDigest } from '@safekeep/archive/digest';
import { createGzipFrame } from '@safekeep/archive/gzip-frame';
import { createSealer } from '@safekeep/archive/seal';
import type { BackupStorage } from '@safekeep/shared/storage/contract';

/** Size in bytes and sha256 (hex) of a file that was written. */
export interface WrittenFile {
  readonly bytes: number;
  readonly sha256: string;
}

interface SealedFile {
  readonly storage: BackupStorage;
  readonly name: string;
  readonly passphrase: string;
  /** Whether the ciphertext is framed as gzip (backup files are, companions are not). */
  readonly framed: boolean;
}

/**
 * Streams `content` through `filters` (on the plain bytes), encryption, framing and hash into a hidden file. The file
 * is durable when this returns, and not visible yet. Back-pressure from the disk reaches the source.
 */
export async function writeSealed(
  content: Readable,
  filters: readonly Duplex[],
  file: SealedFile,
  signal: AbortSignal,
): Promise<WrittenFile> {
  const digest = createDigest();
  const framing = file.framed ? [createGzipFrame()] : [];
  const target = await file.storage.create(file.name);
  try {
    await pipeline([content, ...filters, createSealer(file.passphrase), ...framing, digest, target], {
      signal,
    });
  } catch (error) {
    throw file.storage.explain(error);
  }
  return digest.result();
}

/** Writes a small text as a hidden file, durable when this returns. */
export async function writeText(storage: BackupStorage, name: string, text: string): Promise<void> {
  const target = await storage.create(name);
  try {
    await pipeline([text], target);
  } catch (error) {
    throw storage.explain(error);
  }
}
