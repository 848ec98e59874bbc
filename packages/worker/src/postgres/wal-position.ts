import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';

/** Positions in the write-ahead log as plain numbers of bytes. */
export interface WalPositions {
  /** What the snapshot saw was written before this. */
  readonly written: bigint;
  /** What is before this survives a crash. */
  readonly durable: bigint;
  /** Bytes of a page of the log. */
  readonly page: number;
}

/** The heads of a page and of a segment's first page, in bytes: the next record begins behind them, the last one ended before. */
const PAGE_HEADS = [24n, 40n];
/** Milliseconds. */
const PAUSE = 100;

/** On a standby replayed changes came from a log that its primary had made durable, as far as it is durable here, too. */
const POSITIONS = `
  SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END - '0/0')::text AS written,
    (CASE WHEN pg_is_in_recovery() THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
       ELSE pg_current_wal_flush_lsn() END - '0/0')::text AS durable,
    current_setting('wal_block_size')::int AS page`;

export async function readWalPositions(client: pg.ClientBase): Promise<WalPositions> {
  const { rows } = await client.query<{ written: string; durable: string; page: number }>(POSITIONS);
  const found = rows[0] ?? { written: '0', durable: '0', page: 0 };
  return { written: BigInt(found.written), durable: BigInt(found.durable), page: found.page };
}

/** Whether all that was written then is durable now. */
export function isDurable(then: WalPositions, now: Pick<WalPositions, 'durable'>): boolean {
  const head = then.written % BigInt(then.page);
  const end = PAGE_HEADS.includes(head) ? then.written - head : then.written;
  return now.durable >= end;
}

/**
 * Waits until all that was written at `then` is durable, at most `patience` milliseconds. Where commits are made with
 * `synchronous_commit = off`, or the last that wrote is a transaction that goes on, it is not yet; then `hurry` is called.
 */
export async function waitUntilDurable(
  client: pg.ClientBase,
  then: WalPositions,
  patience: number,
  hurry: () => Promise<void>,
): Promise<boolean> {
  if (isDurable(then, await readWalPositions(client))) return true;
  await hurry();
  for (const end = performance.now() + patience; ; await pause(PAUSE)) {
    if (isDurable(then, await readWalPositions(client))) return true;
    if (performance.now() >= end) return false;
  }
}
