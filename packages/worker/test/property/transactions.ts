import type pg from 'pg';
import { ROW_CHANGES } from './row-changes.js';
import { openSession } from './session.js';
import { ANCIENT_GROUP, freeTables, type SourceWorld, touch } from './source-world.js';
import { insertRows, nameOf } from './table-spec.js';

type Statements = readonly string[];
/** Ways in which the same statements may become, or not become, part of the database. */
const MANNERS = {
  'one transaction': (client: pg.Client, sql: Statements) => inTransaction(client, sql),
  'not waited for': (client: pg.Client, sql: Statements) =>
    inTransaction(client, ['SET LOCAL synchronous_commit = off', ...sql]),
  'rolled back': (client: pg.Client, sql: Statements) => inTransaction(client, sql, 'ROLLBACK'),
  'rolled back to a savepoint': (client: pg.Client, sql: Statements) =>
    inTransaction(client, ['SAVEPOINT s', ...sql, 'ROLLBACK TO SAVEPOINT s']),
  'in a savepoint': (client: pg.Client, sql: Statements) =>
    inTransaction(client, [...sql.flatMap((statement, at) => [`SAVEPOINT s${at}`, statement])]),
  'in subtransactions': (client: pg.Client, sql: Statements) =>
    inTransaction(client, sql.map(inSubtransaction)),
  'once in vain': async (client: pg.Client, sql: Statements) => {
    await inTransaction(client, sql, 'ROLLBACK');
    await inTransaction(client, sql);
  },
} as const;

export type Manner = keyof typeof MANNERS;
export const MANNER_NAMES = Object.keys(MANNERS) as readonly Manner[];
type ChangeName = keyof typeof ROW_CHANGES;
export const ROW_CHANGE_NAMES = Object.keys(ROW_CHANGES) as readonly ChangeName[];

/** Changes rows of one table in one way, and counts whether it could. */
export async function changeRows(world: SourceWorld, client = world.session): Promise<void> {
  const { random, tally } = world;
  const free = freeTables(world);
  if (free.length === 0) return;
  const chosen = random.pick(free);
  // Few tables have a key that can be spelled in two ways.
  const respelled = random.chance(0.2) ? ROW_CHANGES.respellKeys(chosen, random) : null;
  const kind = respelled === null ? random.pick(ROW_CHANGE_NAMES) : 'respellKeys';
  const sql = respelled ?? ROW_CHANGES[kind](chosen, random);
  if (sql === null) return;
  const manner = random.chance(0.5) ? 'one transaction' : random.pick(MANNER_NAMES);
  touch(world, chosen.group);
  await counted(world, `row changes`, kind, () => MANNERS[manner](client, sql));
  tally.add('manners', manner);
}

/** Rows more, or one less, in each table that has a key: so that each kind of key is met in a change. */
export async function changeEach(world: SourceWorld, rows: number): Promise<void> {
  for (const table of freeTables(world)) {
    if (table.key === null || table.group === ANCIENT_GROUP) continue;
    const [leaf] = table.leaves;
    const remove = `DELETE FROM ONLY ${nameOf(leaf ?? table)} WHERE ctid = (SELECT min(ctid) FROM ONLY ${nameOf(leaf ?? table)})`;
    const sql = table.next < table.capacity ? insertRows(table, rows, world.random.salt()) : remove;
    touch(world, table.group);
    await counted(world, 'row changes', 'one row', () => inTransaction(world.session, [sql]));
  }
}

/**
 * Runs a change and counts it. Not every change fits every table, and others hold locks: what the server refuses did not
 * happen, and a kind that it always refuses is found by the tally.
 */
export async function counted(
  world: SourceWorld,
  group: string,
  kind: string,
  work: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await work();
    if (process.env.PROPERTY_TRACE) process.stdout.write(`  ${group}: ${kind}\n`);
    world.tally.add(group, kind);
    return true;
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === undefined) throw error;
    world.tally.add('refused by the server', `${kind} ${code}`);
    return false;
  }
}

/** Begins a transaction that a backup will not see, and is ended when one was taken. */
export async function leaveOpen(world: SourceWorld, prepared: boolean): Promise<void> {
  const { random } = world;
  const table = random.pick(
    freeTables(world).filter(({ group }) => !world.open.some((held) => held.group === group)),
  );
  const kind = random.pick(['insert', 'update', 'remove', 'changeKeys', 'exchange'] as const);
  const sql = ROW_CHANGES[kind](table, random);
  if (sql === null) return;
  const client = await openSession(world.url);
  const name = `prepared ${world.seed} ${random.salt()}`;
  const end = random.chance(0.75) ? 'COMMIT' : 'ROLLBACK';
  const began = await counted(world, 'open transactions', prepared ? 'prepared' : 'idle', async () => {
    await client.query('BEGIN');
    for (const statement of sql) await client.query(statement);
    if (prepared) await client.query(`PREPARE TRANSACTION '${name}'`);
  });
  if (!began || prepared) await client.end();
  if (!began) return;
  touch(world, table.group);
  world.open.push({
    group: table.group,
    end: async () => {
      if (prepared) await world.session.query(`${end} PREPARED '${name}'`);
      else await client.query(end).finally(() => client.end());
    },
  });
}

export async function endOpen(world: SourceWorld): Promise<void> {
  for (const transaction of world.open.splice(0)) {
    touch(world, transaction.group);
    // A deferred constraint may have the last word.
    await counted(world, 'open transactions', 'ended', () => transaction.end());
  }
}

async function inTransaction(client: pg.Client, statements: Statements, end = 'COMMIT'): Promise<void> {
  try {
    await client.query('BEGIN');
    for (const statement of statements) await client.query(statement);
    await client.query(end);
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

function inSubtransaction(statement: string): string {
  const body = statement.startsWith('SELECT') ? statement.replace('SELECT', 'PERFORM') : statement;
  if (statement === 'SELECT' || statement.startsWith('DO ')) return statement;
  return `DO $sub$ BEGIN BEGIN ${body}; EXCEPTION WHEN division_by_zero THEN NULL; END; END $sub$`;
}
