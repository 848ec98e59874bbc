import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

/** What PostgreSQL's own programs read from their environment; a URL among the arguments could be seen by everybody. */
export function libpqEnvironment(url: string): Record<string, string> {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    PGHOST: hostname,
    PGPORT: port || '5432',
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: decodeURIComponent(pathname.slice(1)),
  };
}

/** This process' environment without settings for another PostgreSQL (PGSSLMODE, PGSERVICE, …). */
export function environmentWithoutPostgres(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG')));
}

export interface PsqlOptions {
  readonly variables?: Readonly<Record<string, string | number>>;
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a script in one session of psql.
 *
 * @returns what the script printed: rows without headings, columns divided by tabs.
 * @throws Error with psql's own words; the script stops at its first error.
 */
export async function psql(url: string, script: string, options: PsqlOptions = {}): Promise<string> {
  const variables = Object.entries(options.variables ?? {}).map(([name, value]) => `--set=${name}=${value}`);
  const flags = ['-X', '-q', '-A', '-t', '-F', '\t', '--set=ON_ERROR_STOP=1', ...variables, '-f', '-'];
  const child = spawn('psql', flags, {
    env: {
      ...environmentWithoutPostgres(),
      ...libpqEnvironment(url),
      PGOPTIONS: '--client-min-messages=warning',
    },
    ...(options.signal && { signal: options.signal }),
  });
  const ended = exitOf(child);
  child.stdin.on('error', () => undefined).end(script);
  const errors = text(child.stderr);
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    options.onLine?.(line);
  }
  const code = await ended;
  if (code !== 0) throw new Error(`psql ended with ${code}: ${(await errors).trim()}`);
  return lines.join('\n');
}

/** The program's exit code. @throws when it cannot be started or was aborted. */
function exitOf(child: ChildProcess): Promise<number> {
  const exit = once(child, 'close').then(([code]) => code as number);
  exit.catch(() => undefined);
  return exit;
}
