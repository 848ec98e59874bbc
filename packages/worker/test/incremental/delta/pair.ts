import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { scratchFolder } from '../../../../../scripts/services/scratch-folder.js';
import { emptyDatabase, postgresServer, sql } from '../../../../shared/test/servers.js';
import { createDeltaArchive } from '../../../src/incremental/delta-archive.js';
import type { DeltaPlan } from '../../../src/incremental/delta-plan.js';
import { realPrograms } from '../../postgres/real-programs.js';
import { type Base, planOf, rowsOf, withClient } from './hand-made-plan.js';

/** A source and a copy of what it was at the base. */
export interface Pair {
  readonly source: string;
  readonly base: Base;
}

export async function pairOf(text: string, database?: string): Promise<Pair> {
  const source = database ?? (await emptyDatabase());
  await sql(source, text);
  const copy = await copyOf(source);
  const [row] = await sql<{ xmin: string }>(
    source,
    'SELECT txid_snapshot_xmin(txid_current_snapshot())::text AS xmin',
  );
  return { source, base: { database: copy, xmin: row?.xmin ?? '' } };
}

/** Another database that is the same, file by file. */
export async function copyOf(database: string, owner?: string): Promise<string> {
  const name = `copy_${randomBytes(6).toString('hex')}`;
  const by = owner === undefined ? '' : `OWNER ${pg.escapeIdentifier(owner)}`;
  await sql('postgres', `CREATE DATABASE ${name} TEMPLATE ${pg.escapeIdentifier(database)} ${by}`);
  return name;
}

export interface Archive {
  readonly file: string;
  readonly plan: DeltaPlan;
}

/** The archive of an increment that turns the base into what the source is now. */
export async function archiveOf(
  { source, base }: Pair,
  options: { whole?: readonly string[]; change?: (plan: DeltaPlan) => DeltaPlan } = {},
): Promise<Archive> {
  const found = await planOf(source, base, options.whole);
  const plan = options.change?.(found) ?? found;
  const file = join(await scratchFolder('safekeep-delta'), `${randomBytes(6).toString('hex')}.pgdump`);
  const bytes = await withClient(source, (client) =>
    createDeltaArchive(plan, rowsOf(client, base, plan)).toArray(),
  );
  writeFileSync(file, Buffer.concat(bytes));
  return { file, plan };
}

export interface Applied {
  readonly code: number;
  readonly stderr: string;
}

interface Way {
  /** Folder of pg_restore. */
  readonly directory?: string;
  readonly options?: readonly string[];
  /** Have pg_restore print a script, and run that. */
  readonly psql?: boolean;
  readonly role?: string;
  readonly only?: readonly (readonly [string, string])[];
}

/** Applies an archive with PostgreSQL's own programs. */
export async function apply({ file }: Archive, database: string, way: Way = {}): Promise<Applied> {
  const directory = way.directory ?? (await realPrograms()).directory;
  const url = new URL((await postgresServer()).url(database));
  if (way.role !== undefined) [url.username, url.password] = [way.role, way.role];
  const only = way.only && `-c safekeep.only=${JSON.stringify(way.only).replace(/[\\\s]/g, '\\$&')}`;
  const env = { ...process.env, LC_ALL: 'C', ...(only && { PGOPTIONS: only }), URL: url.href, FILE: file };
  const restore = `'${directory}/pg_restore' ${(way.options ?? []).join(' ')}`;
  const command = way.psql
    ? `${restore} -f - "$FILE" | psql -qX -v VERBOSITY=verbose "$URL"`
    : `${restore} -d "$URL" "$FILE"`;
  return new Promise((resolve) => {
    execFile('bash', ['-c', command], { env, maxBuffer: 1 << 26 }, (error, _, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stderr }),
    );
  });
}

/** Everything that pg_dump knows of a database, definitions and rows, in an order of its own. */
export async function sorted(database: string): Promise<string> {
  const { directory } = await realPrograms();
  const url = (await postgresServer()).url(database);
  const text = await new Promise<string>((resolve, reject) => {
    const options = { maxBuffer: 1 << 28 };
    execFile(join(directory, 'pg_dump'), ['--no-sync', url], options, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
  return text
    .split('\n')
    .filter((line) => line !== '' && !/^\\(un)?restrict |^--/.test(line))
    .sort()
    .join('\n');
}

/** Lines that only one of two sorted texts has. */
export function differences(actual: string, expected: string): string[] {
  const [left, right] = [actual.split('\n'), expected.split('\n')];
  const more = (lines: string[], others: string[], sign: string) => {
    const count = new Map<string, number>();
    for (const line of others) count.set(line, (count.get(line) ?? 0) + 1);
    return lines
      .filter((line) => {
        const left = count.get(line) ?? 0;
        count.set(line, left - 1);
        return left <= 0;
      })
      .map((line) => `${sign}${line}`);
  };
  return [...more(left, right, '+'), ...more(right, left, '-')];
}
