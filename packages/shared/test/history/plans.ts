import type pg from 'pg';

/** What a statement did, as its plan tells. */
export interface Told {
  readonly sql: string;
  /** Tables that were read from their first to their last row. */
  readonly readWhole: readonly string[];
  /** Rows, or entries of an index, that were looked at in all. */
  readonly visited: number;
}

interface Node {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Node[];
}

/**
 * A pool whose statements are explained before they are carried out, each with its own values: what the planner makes of a
 * statement depends on them. Statements that read are run for that; of those that write only the plan is asked for.
 */
export function watchPlans(pool: pg.Pool, told: Told[]): pg.Pool {
  return new Proxy(pool, {
    get(target, name) {
      if (name === 'query') return watchedQuery(target, told);
      if (name === 'connect') return async () => watchClient(await target.connect(), told);
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function watchClient(client: pg.PoolClient, told: Told[]): pg.PoolClient {
  return new Proxy(client, {
    get(target, name) {
      if (name === 'query') return watchedQuery(target, told);
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function watchedQuery(db: pg.Pool | pg.PoolClient, told: Told[]) {
  return async (sql: string, values: unknown[] = []) => {
    if (/^\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b/.test(sql)) told.push(await explain(db, sql, values));
    return db.query(sql, values);
  };
}

async function explain(db: pg.Pool | pg.PoolClient, sql: string, values: unknown[]): Promise<Told> {
  const reads = !/\b(INSERT INTO|UPDATE \w+ |DELETE FROM)/.test(sql);
  const { rows } = await db.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
    `EXPLAIN (${reads ? 'ANALYZE, TIMING off, ' : ''}FORMAT JSON) ${sql}`,
    values,
  );
  const nodes = [...nodesOf((rows[0] as (typeof rows)[0])['QUERY PLAN'][0].Plan)];
  return {
    sql,
    readWhole: nodes.flatMap((node) =>
      node['Node Type'] === 'Seq Scan' ? [node['Relation Name'] ?? '?'] : [],
    ),
    visited: nodes
      .filter((node) => /Scan$/.test(node['Node Type']))
      .reduce((sum, node) => sum + visits(node), 0),
  };
}

function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const child of node.Plans ?? []) yield* nodesOf(child);
}

/** The plan tells what came of one loop, on the average. */
function visits(node: Node): number {
  const each =
    (node['Actual Rows'] ?? 0) +
    (node['Rows Removed by Filter'] ?? 0) +
    (node['Rows Removed by Index Recheck'] ?? 0);
  return Math.round(each * (node['Actual Loops'] ?? 0));
}
