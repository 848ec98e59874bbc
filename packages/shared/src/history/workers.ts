import type { Database } from './database.js';

interface WorkerPresence {
  readonly id: string;
  /** Host and pid, for people. */
  readonly name: string;
  /** The public name of the encryption key that this worker has. */
  readonly keyId: string;
  readonly sources: readonly string[];
}

/** Says that this worker lives. Rows of workers long gone are removed on the way. */
export async function showPresence(db: Database, worker: WorkerPresence): Promise<void> {
  await db.query(
    `INSERT INTO workers (id, name, key_id, sources) VALUES ($1, $2, $3, $4)
     ON CONFLICT (id) DO UPDATE SET seen_at = now()`,
    [worker.id, worker.name, worker.keyId, worker.sources],
  );
  // The last one of all stays: it says since when nobody is there.
  await db.query(`DELETE FROM workers WHERE seen_at < now() - interval '7 days' AND id <> $1`, [worker.id]);
}

/** Says that this worker was told to stop. */
export async function endPresence(db: Database, id: string): Promise<void> {
  await db.query('UPDATE workers SET seen_at = now(), stopped_at = now() WHERE id = $1', [id]);
}
