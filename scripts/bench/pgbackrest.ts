import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentWithoutPostgres, libpqEnvironment, psql } from '../demo/psql.js';
import { shell } from '../demo/shell.js';
import type { PostgresServer } from '../services/postgres.js';
import type { PhysicalRun } from './measurements.js';
import { timed } from './stock-tools.js';

const STANZA = 'clinic';
const POLL_MS = 200;
const WAITING_WAL = "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'";

/** What an installed pgBackRest can do. */
export interface PgBackRestFacts {
  readonly version: string;
  readonly bundles: boolean;
  /** Block incremental backups, which 2.45 has for trying only. */
  readonly blocks: 'yes' | 'beta' | 'no';
}

/** One way to set pgBackRest up. */
export interface Variant {
  /** As it stands in the table. */
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Words of each of its commands. */
  readonly words: string;
  /** It takes minutes, so it is measured once and for the goals' change alone. */
  readonly slow: boolean;
}

export interface PgBackRest {
  readonly facts: PgBackRestFacts;
  readonly variants: readonly Variant[];
  /** While the server archives, its WAL goes to the repositories of these variants. */
  readonly startArchiving: (variants: readonly Variant[]) => void;
  readonly stopArchiving: () => void;
  /** Waits until all WAL is archived, so that nobody else's time has it. */
  readonly archived: () => Promise<void>;
  readonly backup: (variant: Variant, type: 'full' | 'incr') => Promise<PhysicalRun>;
}

/** What is installed; `null` when nothing is. */
export function findPgBackRest(): PgBackRestFacts | null {
  const ask = (...words: string[]) => execFileSync('pgbackrest', words, { encoding: 'utf8' });
  try {
    const version = /\d[\w.]*/.exec(ask('version'))?.[0] ?? 'unknown';
    const help = ask('help', 'backup');
    const known = (option: string) => help.includes(`--${option} `);
    return { version, bundles: known('repo-bundle'), blocks: known('repo-block') ? blocksOf(ask) : 'no' };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function blocksOf(ask: (...words: string[]) => string): 'yes' | 'beta' {
  return ask('help', 'backup', 'repo-block').includes('BETA') ? 'beta' : 'yes';
}

/** Level 9 as Safekeep's own default; and the quickest that the version has. */
export function variantsOf({ bundles, blocks }: PgBackRestFacts): Variant[] {
  const named = { yes: ['blocks'], beta: ['blocks (beta)'], no: [] }[blocks];
  return [
    { name: 'gz 9', settings: { 'compress-type': 'gz', 'compress-level': '9' }, words: '', slow: true },
    {
      name: ['zst', ...(bundles ? ['bundles'] : []), ...named].join(', '),
      settings: {
        'compress-type': 'zst',
        ...(bundles && { 'repo1-bundle': 'y' }),
        ...(blocks !== 'no' && { 'repo1-block': 'y' }),
      },
      words: blocks === 'beta' ? '--beta' : '',
      slow: false,
    },
  ];
}

/**
 * The server must run with these settings for pgBackRest. WAL is thrown away as long as nobody archives, so that other
 * contenders do not pay for it.
 */
export function archiveSettings(directory: string): Record<string, string> {
  const script = archiveScript(directory);
  return { archive_mode: 'on', archive_command: `test ! -x '${script}' || '${script}' "%p"` };
}

function archiveScript(directory: string): string {
  return join(directory, 'pgbackrest-archive-push');
}

/** Makes a repository and a stanza for each variant. Everything runs as the server's user and lies beside its data. */
export async function makePgBackRest(
  facts: PgBackRestFacts,
  server: PostgresServer,
  signal: AbortSignal,
): Promise<PgBackRest> {
  const home = join(server.directory, 'pgbackrest');
  const own = (path: string) => server.user && chownSync(path, server.user.uid, server.user.gid);
  mkdirSync(home, { mode: 0o700 });
  own(home);
  const variants = variantsOf(facts);
  const repository = (variant: Variant) => join(home, `repository-${variants.indexOf(variant)}`);
  const configuration = (variant: Variant) => `${repository(variant)}.conf`;
  const command = (variant: Variant) =>
    `pgbackrest --config='${configuration(variant)}' --stanza=${STANZA} ${variant.words}`;
  const env = { ...environmentWithoutPostgres(), ...libpqEnvironment(server.url('postgres')) };
  const run = (variant: Variant, words: string) =>
    shell(`${command(variant)} ${words}`, { env, signal, user: server.user });
  const script = archiveScript(server.directory);
  const startArchiving = (wanted: readonly Variant[]) => {
    const push = wanted.map((variant) => `${command(variant)} archive-push "$1"`);
    writeFileSync(script, `#!/bin/sh\nset -e\n${push.join('\n')}\n`);
    chmodSync(script, 0o755);
  };
  for (const variant of variants) {
    writeFileSync(configuration(variant), configurationOf(variant, repository(variant), server, home), {
      mode: 0o600,
    });
    own(configuration(variant));
    await run(variant, 'stanza-create');
  }
  const sizeOf = (folder: string) =>
    Number(execFileSync('du', ['-sb', folder], { encoding: 'utf8' }).split('\t')[0]);
  const sizes = (variant: Variant) => {
    const [backup, wal] = ['backup', 'archive'].map((name) => sizeOf(join(repository(variant), name)));
    return { backup: backup ?? 0, wal: wal ?? 0 };
  };
  const archived = new Map<Variant, number>();
  return {
    facts,
    variants,
    startArchiving,
    stopArchiving: () => rmSync(script, { force: true }),
    archived: async () => {
      const url = server.url('postgres');
      await psql(url, 'SELECT pg_switch_wal()', { signal });
      while ((await psql(url, WAITING_WAL, { signal })) !== '0') await sleep(POLL_MS, undefined, { signal });
    },
    backup: async (variant, type) => {
      const before = sizes(variant);
      const seconds = await timed(() => run(variant, `--type=${type} backup`));
      const after = sizes(variant);
      const walBytes = after.wal - (archived.get(variant) ?? before.wal);
      archived.set(variant, after.wal);
      return { seconds, bytes: after.backup - before.backup, walBytes };
    },
  };
}

function configurationOf(variant: Variant, repository: string, server: PostgresServer, home: string): string {
  const settings = {
    'repo1-path': repository,
    'repo1-cipher-type': 'aes-256-cbc',
    'repo1-cipher-pass': randomBytes(36).toString('base64url'),
    'process-max': String(availableParallelism()),
    // Nothing expires here.
    'repo1-retention-full': '9999999',
    // Else it waits for the server's next checkpoint.
    'start-fast': 'y',
    'lock-path': join(home, 'lock'),
    'log-path': join(home, 'log'),
    'log-level-file': 'off',
    'log-level-console': 'off',
    ...variant.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return [
    '[global]',
    ...lines,
    '[global:backup]',
    'expire-auto=n',
    `[${STANZA}]`,
    `pg1-path=${join(server.directory, 'data')}`,
    `pg1-port=${server.port}`,
    `pg1-user=${decodeURIComponent(new URL(server.url('postgres')).username)}`,
    '',
  ].join('\n');
}
