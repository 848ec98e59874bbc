import type pg from 'pg';

/** The transactions that may have written since a base, as 64-bit ids in decimal. */
export interface TransactionWindow {
  /** The base's xmin: every transaction before it had ended when the base was taken. */
  readonly from: string;
  /** The increment's xmax: its snapshot sees nothing of this one and later ones. */
  readonly to: string;
}

/** Ids of transactions count to 2^32 and begin anew: half of them are older than any other, half younger. */
const HALF = 2n ** 31n;
/** What is left when it is called enough. */
const MARGIN = 100_000_000n;
const ALL = 2n ** 32n;

/** From a base to the client's snapshot. */
export async function readWindow(client: pg.ClientBase, baseXmin: string): Promise<TransactionWindow> {
  const { rows } = await client.query<{ to: string }>(
    'SELECT txid_snapshot_xmax(txid_current_snapshot())::text AS to',
  );
  return { from: baseXmin, to: rows[0]?.to ?? '0' };
}

/** Whether so many transactions ran since the base that old and new cannot be told apart for sure. */
export function isTooWide({ from, to }: TransactionWindow): boolean {
  return BigInt(to) - BigInt(from) > HALF - MARGIN;
}

/**
 * SQL: whether a row was written by one of these transactions. An old frozen row of ids used before may look so, too, never
 * the other way round. The bounds are the snapshot's, so that each connection in it says the same.
 *
 * @param xmin of the row
 */
export function isYoung({ from, to }: TransactionWindow, xmin = 'xmin'): string {
  const age = (id: string) => `(SELECT age('${BigInt(id) % ALL}'::xid))`;
  return `(age(${xmin}) <= ${age(from)} AND age(${xmin}) > ${age(to)})`;
}
