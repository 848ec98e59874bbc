import { join } from 'node:path';
import type pg from 'pg';
import { planSchema, type SchemaPlan } from './plan-schema.js';
import { ANCIENT, type PropertyServer } from './property-server.js';
import { Random } from './random.js';
import { openSession, runSql } from './session.js';
import { SLATE_SQL } from './slate.js';
import type { TableSpec } from './table-spec.js';
import type { Tally } from './tally.js';
import type { Cause } from './world-changes.js';

/** A transaction that is open, or prepared, while a backup is taken. */
export interface OpenTransaction {
  readonly group: string;
  end(): Promise<void>;
}

/** One generated source, its applications' connection, and what was done to it since the base. */
export interface SourceWorld {
  readonly seed: number;
  readonly random: Random;
  readonly server: PropertyServer;
  readonly database: string;
  readonly url: string;
  readonly plan: SchemaPlan;
  readonly tally: Tally;
  session: pg.Client;
  /** Until a change of the schema, which may be one of theirs. */
  twinsAlike: boolean;
  /** A file that the server may write and read. */
  readonly serverFile: string;
  readonly open: OpenTransaction[];
  /** Groups of tables that may differ from the base. */
  readonly touched: Set<string>;
  /** Those of them that may differ from the backup that is being taken. */
  readonly touchedSince: Set<string>;
  /** Why the next incremental has to be a full. */
  readonly causes: Set<Cause>;
  /** Why it may be one: bytes of a large object that were written anew, and are the same. */
  readonly allowed: Set<Cause>;
}

export const ANCIENT_GROUP = 'ancient';
/** The table that every database has from before the counter of transactions began anew. */
export const ANCIENT_TABLE: TableSpec = {
  ...ANCIENT,
  columns: [
    { name: 'k0', type: 'int4', value: (g) => `${g}::int4`, fixed: true },
    { name: 'v0', type: 'text', value: (g, salt) => `md5((${g} * ${salt}::int8)::text)` },
  ],
  key: { kind: 'int4', columns: ['k0'], deferrable: false },
  traits: new Set(['ancient']),
  group: ANCIENT_GROUP,
  leaves: [ANCIENT],
  capacity: 100_000,
  next: 301,
};

export async function createWorld(seed: number, server: PropertyServer, tally: Tally): Promise<SourceWorld> {
  const random = new Random(seed);
  const database = `seed_${seed}`;
  await runSql(server.postgres.url('postgres'), `CREATE DATABASE ${database}`);
  const url = server.postgres.url(database);
  const session = await openSession(url);
  const plan = planSchema(seed, random, server.major);
  for (const statement of [...plan.sql, ...SLATE_SQL]) await session.query(statement);
  return {
    seed,
    random,
    server,
    database,
    url,
    plan: { ...plan, tables: [...plan.tables, ANCIENT_TABLE] },
    tally,
    session,
    twinsAlike: true,
    serverFile: join(server.data, `copied-${seed}`),
    open: [],
    touched: new Set(),
    touchedSince: new Set(),
    causes: new Set(),
    allowed: new Set(),
  };
}

export function touch(world: SourceWorld, group: string): void {
  world.touched.add(group);
  world.touchedSince.add(group);
}

/** Those that no open transaction holds rows of. */
export function freeTables(world: SourceWorld): TableSpec[] {
  const held = new Set(world.open.map(({ group }) => group));
  return world.plan.tables.filter(({ group }) => !held.has(group));
}
