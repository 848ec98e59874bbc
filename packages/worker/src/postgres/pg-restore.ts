import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import { execa } from 'execa';
import type { LibpqAccess } from './libpq-environment.js';
import { stopGroup } from './process-group.js';
import type { PostgresPrograms } from './program.js';
import type { RestoreAsked } from './restore-messages.js';
import { RestoreStderr, type StderrVerdict } from './restore-stderr.js';

/** A running pg_restore that reads an archive from its standard input. */
export interface RestoreProcess {
  readonly stdin: Writable;
  /** Resolves when the program and its output have ended; its failure is data here, not a rejection. */
  readonly ended: Promise<RestoreEnd>;
  /** SIGTERM to the whole process group, SIGKILL after a grace of 5 s. */
  stop(): void;
}

export interface RestoreEnd extends StderrVerdict {
  readonly exit: number | string;
  /**
   * Whether all that was asked for is there: pg_restore exits with 1 for any error, so its exit is forgiven when its
   * last word counts the errors that it passed over, and each of them was seen and is harmless.
   */
  readonly ok: boolean;
}

interface RestoreOptions {
  readonly programs: PostgresPrograms;
  /** Access of the target database. */
  readonly access: LibpqAccess;
  readonly asked: RestoreAsked;
  /** The archive's table of contents, to know what failed. */
  readonly entries: readonly TocEntry[];
  /** A file that lists the dump ids to restore, one a line; `null` for all. */
  readonly listFile: string | null;
}

/**
 * Restores an archive. Tablespaces are the default ones, for the volumes of the source are not here; subscriptions are
 * left out, for a copy must not receive what the original receives.
 */
export function startPgRestore(options: RestoreOptions): RestoreProcess {
  const stderr = new RestoreStderr(options.entries, options.asked);
  const child = execa(join(options.programs.directory, 'pg_restore'), restoreArguments(options), {
    // A process group of its own, so that stop() reaches whatever the program starts.
    detached: true,
    env: options.access.environment,
    extendEnv: false,
    stdin: 'pipe',
    stdout: 'ignore',
    buffer: false,
    reject: false,
    stripFinalNewline: false,
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
  const ended = child.then((result): RestoreEnd => {
    const exit = result.exitCode ?? result.signal ?? result.code ?? 'unknown';
    const verdict = stderr.verdict();
    return { ...verdict, exit, ok: isWell(exit, verdict) };
  });
  return { stdin: child.stdin, ended, stop: () => stopGroup(child.pid, ended) };
}

function restoreArguments({ access, asked, listFile }: RestoreOptions): string[] {
  return [
    '--format=custom',
    // Else it does not name the entry that an error is about.
    '--verbose',
    '--no-password',
    '--no-tablespaces',
    '--no-subscriptions',
    ...(asked.owners ? [] : ['--no-owner']),
    ...(asked.privileges ? [] : ['--no-privileges']),
    ...(listFile === null ? [] : [`--use-list=${listFile}`]),
    `--dbname=${access.database}`,
  ];
}

function isWell(exit: number | string, verdict: StderrVerdict): boolean {
  if (verdict.realErrors > 0) return false;
  if (exit === 0) return true;
  return exit === 1 && verdict.errorsIgnored !== null && verdict.errorsIgnored <= verdict.harmlessErrors;
}
