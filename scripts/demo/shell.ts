import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface ShellOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Whom it runs as; left out, as this process. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Runs one command line of bash in which the failure of any program of a pipe counts.
 *
 * @returns what it wrote to standard output.
 * @throws Error with the command and what it wrote to standard error.
 */
export async function shell(command: string, options: ShellOptions): Promise<string> {
  options.signal.throwIfAborted();
  const child = spawn('bash', ['-o', 'pipefail', '-c', command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: options.env,
    // A group of its own, so that all programs of a pipe can be ended at once.
    detached: true,
    ...options.user,
    // Its own folder may be one that another user cannot enter.
    ...(options.user && { cwd: '/' }),
  });
  const end = () => child.pid !== undefined && process.kill(-child.pid, 'SIGTERM');
  options.signal.addEventListener('abort', end, { once: true });
  try {
    const closed = once(child, 'close') as Promise<[number | null]>;
    const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    options.signal.throwIfAborted();
    if (code !== 0) throw new Error(`${command}\nended with ${code}: ${errors.trim()}`);
    return output;
  } finally {
    options.signal.removeEventListener('abort', end);
  }
}
