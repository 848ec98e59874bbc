import { join } from 'node:path';
import { Writable } from 'node:stream';
import { ArchiveError } from '@safekeep/archive/archive-error';
import { ByteSource, type Reading } from '@safekeep/archive/custom-format/byte-source';
import type { PayloadObserver } from '@safekeep/archive/custom-format/data-blocks';
import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import { type ArchiveContents, type Inspector, refuseOtherData } from '@safekeep/archive/inspect';
import { createFrame, type StreamFrame } from '@safekeep/archive/stream-frame';
import { type ArchiveSummary, readArchive, type WalkObserver } from '@safekeep/archive/walk';
import { fail } from '@safekeep/shared/errors';
import { execa } from 'execa';
import { DataScript } from './data-script.js';
import { stopGroup } from './process-group.js';
import type { PostgresPrograms } from './program.js';

/** What is kept of stderr, in bytes; it is never logged. */
const STDERR_KEPT = 4096;

interface Ended {
  readonly exit: number | string;
  /** Whether this pg_restore was built without the compression. */
  readonly unable: boolean;
}

/**
 * Takes an archive apart whose data this runtime cannot inflate: it follows the structure itself, frames of the compressed
 * streams included, and has pg_restore write the data as a script, without any database, in which rows and large objects
 * are counted.
 *
 * Errors: the ARCHIVE_ codes; COMPRESSION_UNREADABLE when the program could not look.
 */
export function createProgramInspector(programs: PostgresPrograms): Inspector {
  return new ProgramInspector(programs);
}

class ProgramInspector extends Writable implements Inspector {
  readonly #version: string;
  readonly #source = new ByteSource();
  readonly #reading: Reading<ArchiveSummary>;
  readonly #script = new DataScript();
  readonly #child: ReturnType<typeof startProgram>;
  readonly #ended: Promise<Ended>;
  #frame: StreamFrame | null = null;
  #tables: readonly TocEntry[] = [];
  #algorithm = '';
  #contents: ArchiveContents | undefined;

  constructor({ directory, version }: PostgresPrograms) {
    super({ highWaterMark: 1 << 20 });
    this.#version = version;
    const observer: WalkObserver & PayloadObserver = {
      onToc: (head, entries) => {
        refuseOtherData(entries);
        this.#algorithm = head.compression.algorithm;
        this.#tables = entries.filter((entry) => entry.hasData && entry.desc === 'TABLE DATA');
      },
      onStreamStart: () => {
        this.#frame = createFrame(this.#algorithm);
      },
      onPayload: (piece) => this.#frame?.feed(piece),
      onStreamEnd: () => this.#frame?.finish(),
    };
    this.#reading = readArchive(this.#source, observer);
    this.#child = startProgram(join(directory, 'pg_restore'));
    this.#child.stdout.on('data', (text: Buffer) => this.#script.feed(text));
    // A program that ends early breaks the pipe; how it ended tells more.
    this.#child.stdin.on('error', () => {});
    this.#ended = endOf(this.#child);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    try {
      this.#source.feed(chunk);
      this.#reading.next();
    } catch (error) {
      callback(error as Error);
      return;
    }
    const { stdin } = this.#child;
    if (stdin.writable) stdin.write(chunk, () => callback());
    else callback();
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#finish().then(() => callback(), callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    stopGroup(this.#child.pid, this.#ended);
    callback(error);
  }

  result(): ArchiveContents {
    if (this.#contents === undefined)
      throw new Error('the contents are not known before the archive has ended');
    return this.#contents;
  }

  async #finish(): Promise<void> {
    this.#source.end();
    const step = this.#reading.next();
    this.#child.stdin.end();
    this.#judge(await this.#ended);
    const { rows, largeObjects } = this.#script;
    const tables = this.#tables.map((entry, at) => ({
      schema: entry.namespace ?? '',
      name: entry.tag,
      rows: rows[at] ?? 0,
    }));
    if (step.done === true) this.#contents = { tables, largeObjects, bytes: step.value.bytes };
  }

  #judge({ exit, unable }: Ended): void {
    const program = `pg_restore ${this.#version}`;
    if (unable) throw this.#unreadable(`${program} was built without it`);
    if (exit !== 0 && exit !== 1) throw this.#unreadable(`${program} ended with ${exit}`);
    if (exit === 0 && this.#script.settled && this.#script.rows.length === this.#tables.length) return;
    throw new ArchiveError('ARCHIVE_DATA_BROKEN', `${program} could not inflate all of its data`);
  }

  #unreadable(reason: string): Error {
    return fail('COMPRESSION_UNREADABLE', { algorithm: this.#algorithm, reason });
  }
}

function startProgram(program: string) {
  return execa(program, ['--format=custom', '--data-only', '--no-owner', '--file=-'], {
    // A process group of its own, so that stopping reaches whatever the program starts.
    detached: true,
    // Nothing of the worker's environment: the encryption key is in it. Wrappers need a PATH.
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    extendEnv: false,
    stdin: 'pipe',
    buffer: false,
    reject: false,
    encoding: 'buffer',
  });
}

async function endOf(child: ReturnType<typeof startProgram>): Promise<Ended> {
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => {
    stderr = (stderr + text.toString('latin1')).slice(-STDERR_KEPT);
  });
  const result = await child;
  const exit = result.exitCode ?? result.signal ?? result.code ?? 'unknown';
  return { exit, unable: exit !== 0 && /not support compression/.test(stderr) };
}
