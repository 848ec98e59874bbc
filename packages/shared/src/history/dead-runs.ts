import type pg from 'pg';
import { type LostRun, lockClaims, loseOrRespect, unsweptRuns } from './backup-claims.js';
import { type Database, inTransaction } from './database.js';

/** Runs of backups whose leases have passed. Their workers may be alive: whoever could not reach history finds out soon. */
export async function listLapsedRuns(db: Database): Promise<{ id: string; source: string }[]> {
  const { rows } = await db.query<{ id: string; source: string }>(
    `SELECT id, source FROM runs WHERE queue = 'backup' AND state = 'running' AND lease_until < now()`,
  );
  return rows;
}

/** Declares a source's run lost if its lease has passed, as the next claim would; its backup goes back to `queued`. */
export async function loseLapsedRun(pool: pg.Pool, source: string): Promise<void> {
  await inTransaction(pool, async (db) => {
    await lockClaims(db, source);
    await loseOrRespect(db, source);
  });
}

/** Sources with dead runs that nobody has settled. */
export async function listUnsweptSources(db: Database): Promise<string[]> {
  const { rows } = await db.query<{ source: string }>(
    `SELECT DISTINCT source FROM runs WHERE source IS NOT NULL AND state = 'lost' AND NOT swept`,
  );
  return rows.map((row) => row.source);
}

/**
 * Does `work` while no run of the source lives and none can begin: it holds the lock that claims take, and nothing else, so
 * `work` may write what it wants. Where a run lives, or somebody else has the lock, nothing is done.
 */
export async function whileNoRun(
  pool: pg.Pool,
  source: string,
  work: (lost: readonly LostRun[]) => Promise<void>,
): Promise<void> {
  await inTransaction(pool, async (db) => {
    if (!(await lockClaims(db, source, 'try'))) return;
    const living = await db.query(
      `SELECT FROM runs WHERE queue = 'backup' AND source = $1 AND state = 'running'`,
      [source],
    );
    if (living.rowCount === 0) await work(await unsweptRuns(db, source));
  });
}
