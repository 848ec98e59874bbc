import type pg from 'pg';
import { differences } from './compare-contents.js';
import { type Contents, readContents } from './contents.js';
import type { ReadSource } from './exported-snapshot.js';
import type { Random } from './random.js';
import { applyByHand } from './restore-by-hand.js';
import { openSession, runSql } from './session.js';
import { nameOf, type TableName } from './table-spec.js';
import type { BackupFolder, TakenBackup } from './take-backups.js';
import type { Tally } from './tally.js';

/** Databases that an increment does not fit. */
export interface RefusalCase {
  readonly source: ReadSource;
  readonly folder: BackupFolder<Contents>;
  readonly increment: TakenBackup<Contents>;
  /** What the base's snapshot saw. */
  readonly before: Contents;
  /** Names of databases: the restored base, and a copy of it that the increment was applied to. */
  readonly base: string;
  readonly applied: string;
  /** The restored base of another chain, if there is one. */
  readonly otherBase: { readonly name: string; readonly truth: Contents } | null;
  readonly tally: Tally;
  readonly random: Random;
}

/** What is no base, is a changed base, or has the increment already, stays as it is. */
export async function expectRefusals(refusal: RefusalCase): Promise<void> {
  const { changed } = refusal.increment.sidecar.delta ?? { changed: [] };
  const victim = `${refusal.source.database}_victim`;
  // Where rows were written anew and are the same, a second time is harmless.
  if (areToldApart(refusal.before, refusal.increment.truth, changed))
    await expectUnchanged(refusal, refusal.applied, 'applied twice');
  const spoil = refusal.random.pick([removeRow, changeRow(changed)]);
  await onCopy(refusal, refusal.base, victim, async (client) => {
    const what = await spoil(client);
    return what === null ? null : () => expectUnchanged(refusal, victim, what);
  });
  if (refusal.random.chance(0.5)) return;
  const { otherBase } = refusal;
  if (otherBase !== null && !areToldApart(refusal.before, otherBase.truth, changed)) return;
  await onCopy(refusal, otherBase?.name ?? 'template0', victim, async () => async () => {
    await expectUnchanged(refusal, victim, otherBase === null ? 'an empty database' : 'another base');
  });
}

/** An increment looks at the number of rows of each table, and at the contents of those that it changes. */
function areToldApart(one: Contents, other: Contents, changed: readonly TableName[]): boolean {
  const read = new Set(changed.map(nameOf));
  return [...one.tables].some(([name, rows]) => {
    const others = other.tables.get(name);
    if (others === undefined || others.length !== rows.length) return true;
    return read.has(name) && rows.some((row, at) => row !== others[at]);
  });
}

async function onCopy(
  { source }: RefusalCase,
  template: string,
  name: string,
  prepare: (client: pg.Client) => Promise<(() => Promise<void>) | null>,
): Promise<void> {
  const admin = source.server.postgres.url('postgres');
  await runSql(admin, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  try {
    const client = await openSession(source.server.postgres.url(name));
    const proof = await prepare(client).finally(() => client.end());
    await proof?.();
  } finally {
    await runSql(admin, `DROP DATABASE ${name}`);
  }
}

async function expectUnchanged(refusal: RefusalCase, database: string, what: string): Promise<void> {
  const { source, folder, increment, tally } = refusal;
  const target = source.server.postgres.url(database);
  const before = await inDatabase(target, readContents);
  const { code, errors } = await applyByHand(
    source.server.programs,
    increment.file,
    folder.encryptionKey,
    target,
  );
  const found = differences(before, await inDatabase(target, readContents), true);
  if (found.length > 0) throw new Error(`${what}: an increment changed it\n${found.join('\n')}`);
  if (code === 0) throw new Error(`${what}: pg_restore ended well`);
  if (!/ERROR: {2}[^\n]*base/i.test(errors))
    throw new Error(`${what}: no sentence tells why\n${errors.slice(0, 2000)}`);
  if (await inDatabase(target, hasStaging)) throw new Error(`${what}: schema safekeep_delta is left`);
  tally.add('refused', what);
}

async function inDatabase<T>(url: string, look: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await openSession(url);
  try {
    return await look(client);
  } finally {
    await client.end();
  }
}

async function hasStaging(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query(`SELECT FROM pg_namespace WHERE nspname = 'safekeep_delta'`);
  return rows.length > 0;
}

/** One row less in a table that the increment need not even change. */
async function removeRow(client: pg.Client): Promise<string | null> {
  const { rowCount } = await client.query(
    'DELETE FROM public.slate WHERE k0 = (SELECT min(k0) FROM public.slate)',
  );
  return rowCount === 1 ? 'a row is missing' : null;
}

/** As many rows as before, one of them with another value. */
function changeRow(changed: readonly { readonly schema: string; readonly name: string }[]) {
  return async (client: pg.Client): Promise<string | null> => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT attrelid::regclass::text AS name FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
         JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE attname = 'v0' AND atttypid = 'text'::regtype AND (nspname, relname) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
      [changed.map(({ schema }) => schema), changed.map(({ name }) => name)],
    );
    for (const { name } of rows) {
      const { rowCount } = await client.query(
        `UPDATE ONLY ${name} SET v0 = 'changed' WHERE ctid = (SELECT min(ctid) FROM ONLY ${name})`,
      );
      if (rowCount === 1) return 'a row is another';
    }
    return null;
  };
}
