import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type pg from 'pg';
import { differences, staleViews } from './compare-contents.js';
import { type Contents, readContents } from './contents.js';
import { expectRefusals, type RefusalCase } from './refusals.js';
import { applyByHand } from './restore-by-hand.js';
import { openSession, runSql } from './session.js';
import { slateDiffers } from './slate.js';
import type { SourceWorld } from './source-world.js';
import type { BackupFolder, TakenBackup } from './take-backups.js';

/** A base and what was taken on top of it. */
export interface Chain {
  readonly base: TakenBackup<Contents>;
  readonly increments: TakenBackup<Contents>[];
}

type Folder = BackupFolder<Contents>;

/**
 * Restores each backup with plain pg_restore and compares it with what its snapshot saw.
 *
 * @param sequences whether nobody moved them while the backups were taken: they belong to no snapshot
 */
export async function proveChains(
  world: SourceWorld,
  folder: Folder,
  chains: readonly Chain[],
  sequences: boolean,
): Promise<void> {
  const admin = world.server.postgres.url('postgres');
  const names = chains.map((_, number) => `${world.database}_base_${number}`);
  for (const [number, { base }] of chains.entries()) {
    const name = names[number] ?? '';
    await runSql(admin, `CREATE DATABASE ${name} TEMPLATE template0`);
    await apply(world, folder, base, name);
    await expectSame(world, base.truth, name, sequences, 'the base');
  }
  for (const [number, chain] of chains.entries()) {
    const other = chains.findIndex((_, at) => at !== number);
    const truth = chains[other]?.base.truth;
    const otherBase = truth === undefined ? null : { name: names[other] ?? '', truth };
    await proveIncrements(world, folder, chain, { base: names[number] ?? '', otherBase, sequences });
  }
  for (const name of names) await runSql(admin, `DROP DATABASE ${name}`);
}

async function proveIncrements(
  world: SourceWorld,
  folder: Folder,
  { base, increments }: Chain,
  at: Pick<RefusalCase, 'base' | 'otherBase'> & { readonly sequences: boolean },
): Promise<void> {
  const { random, server, tally } = world;
  const admin = server.postgres.url('postgres');
  const copy = `${at.base}_copy`;
  const definitions = increments.length > 0 ? definitionsOf(world, at.base) : '';
  for (const [number, increment] of increments.entries()) {
    await runSql(admin, `CREATE DATABASE ${copy} TEMPLATE ${at.base}`);
    await apply(world, folder, increment, copy);
    const what = `increment ${number + 1} of ${increments.length}`;
    await expectSame(world, increment.truth, copy, at.sequences, what);
    if (number === increments.length - 1 && definitionsOf(world, copy) !== definitions)
      throw new Error(`${what} changed definitions`);
    if (random.chance(0.2)) {
      const before = base.truth;
      await expectRefusals({ source: world, folder, increment, before, ...at, applied: copy, tally, random });
    }
    await runSql(admin, `DROP DATABASE ${copy}`);
  }
}

async function apply(
  { server }: SourceWorld,
  folder: Folder,
  backup: TakenBackup<Contents>,
  database: string,
): Promise<void> {
  const target = server.postgres.url(database);
  const { code, errors } = await applyByHand(server.programs, backup.file, folder.encryptionKey, target);
  if (code === 0 && errors === '') return;
  throw new Error(`pg_restore of a ${backup.sidecar.type} backup ended with ${code}:\n${errors}`);
}

async function expectSame(
  world: SourceWorld,
  truth: Contents,
  database: string,
  sequences: boolean,
  what: string,
): Promise<void> {
  const found = await inspect(world, database, async (client) => [
    ...differences(truth, await readContents(client), sequences),
    ...(await staleViews(client, truth.views)),
    ...(await slateDiffers(client)),
  ]);
  if (found.length === 0) return;
  throw new Error(`${what} restored differs from what its snapshot saw:\n${found.join('\n')}`);
}

async function inspect<T>(
  world: SourceWorld,
  database: string,
  look: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await openSession(world.server.postgres.url(database));
  try {
    return await look(client);
  } finally {
    await client.end();
  }
}

/** Triggers, constraints, rules, rights: an increment leaves them as they were. */
function definitionsOf({ server }: SourceWorld, database: string): string {
  const options = ['--schema-only', `--dbname=${server.postgres.url(database)}`];
  const text = execFileSync(join(server.programs.directory, 'pg_dump'), options, { encoding: 'utf8' });
  // pg_dump draws a random word for psql's restricted mode at each run.
  return text.replace(/^\\(un)?restrict .*$/gm, '');
}
