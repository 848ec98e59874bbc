import type { Readable, Writable } from 'node:stream';

/** An open published file. What is read later is the file that was opened, whatever happens to its name meanwhile. */
export interface StoredFile {
  /** Bytes. */
  readonly size: number;
  /** The process's number of the open file, for a thread that reads it at places. It means nothing after `close`. */
  readonly descriptor: number;
  /** The content from the first byte on, as often as it is asked for, one stream at a time. */
  read(): Readable;
  close(): Promise<void>;
}

/** What stands under one name in the directory. */
export interface DirectoryEntry {
  readonly name: string;
  /** Links are told, never followed. */
  readonly kind: 'file' | 'directory' | 'link' | 'special';
  /** Bytes; of a file. */
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}

/**
 * Where the backup files of one source live. All names are plain file names, made by Safekeep.
 *
 * Promises of every driver:
 * - A name is visible only when its content is whole and durable; a name that exists is never overwritten.
 * - What a dead run left can be told from finished files and removed, without touching anybody else's files.
 * - Errors are of the catalogue: BACKUP_DIR_UNUSABLE, DISK_FULL, FILE_NAME_TAKEN, FILE_STRANGE.
 */
export interface BackupStorage {
  /** Refuses early: missing, not a directory, not writable, no hard links. */
  check(): Promise<void>;
  /** Bytes that an unprivileged writer may still use. */
  freeBytes(): Promise<number>;
  /** Bytes of the volume that these files are on, used by whomever. */
  totalBytes(): Promise<number>;
  /**
   * Everything that stands in the directory itself, finished, unfinished or a stranger's, in no order. What comes or goes
   * while it is read may be in the list or not. A directory that is not there is refused: nothing is missing from it.
   */
  list(): Promise<DirectoryEntry[]>;
  /** Whether a finished or unfinished file of this name exists. */
  isTaken(name: string): Promise<boolean>;
  /**
   * Starts a hidden file; refuses when one is being written under the same name. The stream writes with back-pressure,
   * and it closes (so that a pipeline to it resolves) only when all of it is durable.
   */
  create(name: string): Promise<Writable>;
  /** The catalogue's error for a failed stream of this storage; an error that is not the storage's comes back as it is. */
  explain(error: unknown): unknown;
  /** Makes hidden files visible in the given order; the last name is the one that counts (the sidecar). */
  publish(names: readonly string[]): Promise<void>;
  /** The content of a small published file, or `null` when there is none. A link, directory or device is refused. */
  read(name: string): Promise<string | null>;
  /** Opens a published file for reading; `null` when there is none. */
  open(name: string): Promise<StoredFile | null>;
  /** Removes the hidden files of these names, as far as they exist. */
  discard(names: readonly string[]): Promise<void>;
  /** Names of the hidden files that `sweepPartials` would remove. */
  listPartials(): Promise<string[]>;
  /** Removes every hidden file of Safekeep's; only for the one writer of this source. Returns their names. */
  sweepPartials(): Promise<string[]>;
  /** Removes a published file that never got its sidecar. */
  remove(name: string): Promise<void>;
  /**
   * Removes published files in the given order, each for good before the next is touched: after a crash the first names
   * are gone, never the last alone. A name that is not there is no error. Links, directories and devices are not touched:
   * FILE_STRANGE, and what comes after them stays.
   */
  removeInOrder(names: readonly string[]): Promise<void>;
}
