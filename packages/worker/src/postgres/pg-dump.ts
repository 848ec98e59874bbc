import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { execa } from 'execa';
import { sqlstateOf } from './diagnose.js';
import type { LibpqAccess } from './libpq-environment.js';
import { stopGroup } from './process-group.js';
import type { PostgresPrograms } from './program.js';

/** A running pg_dump or pg_dumpall. */
export interface DumpProcess {
  readonly stdout: Readable;
  /** Resolves when the program and its output have ended; its failure is data here, not a rejection. */
  readonly ended: Promise<DumpEnd>;
  /** SIGTERM to the whole process group, SIGKILL after a grace of 5 s. */
  stop(): void;
}

export interface DumpEnd {
  readonly program: 'pg_dump' | 'pg_dumpall';
  readonly exit: number | string;
  readonly ok: boolean;
  readonly sqlstate: string | null;
}

export interface DumpOptions {
  readonly programs: PostgresPrograms;
  readonly access: LibpqAccess;
  /** How long to wait for a locked table, in milliseconds. */
  readonly lockTimeout: number;
}

/** What is kept of stderr to find the SQLSTATE in, in bytes; it is never logged. */
const STDERR_KEPT = 16_384;

/** Dumps the snapshot in custom format. `compress` is `0` for not at all, or such as `zstd:3`. */
export function startPgDump(options: DumpOptions & { snapshot: string; compress: string }): DumpProcess {
  return start('pg_dump', options, [
    '--format=custom',
    `--compress=${options.compress}`,
    `--snapshot=${options.snapshot}`,
    `--lock-wait-timeout=${options.lockTimeout}`,
    '--no-password',
    `--dbname=${options.access.database}`,
  ]);
}

/** Dumps the definitions that a snapshot sees, without rows. */
export function startSchemaDump(options: DumpOptions & { snapshot: string }): DumpProcess {
  return start('pg_dump', options, [
    '--format=custom',
    '--schema-only',
    `--snapshot=${options.snapshot}`,
    `--lock-wait-timeout=${options.lockTimeout}`,
    '--no-password',
    `--dbname=${options.access.database}`,
  ]);
}

/** Dumps roles, memberships, settings and tablespaces. Password hashes only where the role may read them. */
export function startGlobalsDump(options: DumpOptions & { withPasswords: boolean }): DumpProcess {
  return start('pg_dumpall', options, [
    '--globals-only',
    ...(options.withPasswords ? [] : ['--no-role-passwords']),
    `--lock-wait-timeout=${options.lockTimeout}`,
    '--no-password',
    `--database=${options.access.database}`,
  ]);
}

function start(program: DumpEnd['program'], options: DumpOptions, args: readonly string[]): DumpProcess {
  const child = execa(join(options.programs.directory, program), args, {
    // A process group of its own, so that stop() reaches whatever the program starts.
    detached: true,
    env: options.access.environment,
    extendEnv: false,
    stdin: 'ignore',
    buffer: false,
    reject: false,
    stripFinalNewline: false,
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  const ended = child.then((result): DumpEnd => {
    const exit = result.exitCode ?? result.signal ?? result.code ?? 'unknown';
    return { program, exit, ok: exit === 0, sqlstate: sqlstateOf(stderr) };
  });
  // Node throws away what nobody reads when the program ends, which a small dump may do before its file is open.
  const stdout = new PassThrough();
  child.stdout.on('error', (error) => stdout.destroy(error)).pipe(stdout);
  stdout.on('close', () => child.stdout.destroy());
  return { stdout, ended, stop: () => stopGroup(child.pid, ended) };
}
