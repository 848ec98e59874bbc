import { writeFile } from 'node:fs/promises';
import type { Worker } from 'bullmq';
import type pg from 'pg';

/** Pause between two looks, in milliseconds; a health check may call a file older than 60 s dead. */
const PAUSE = 10_000;

/**
 * Touches a file while this worker can do its work: its event loop turns, history answers and the queue is connected.
 * For health checks of containers, which cannot ask a worker over HTTP.
 */
export function keepAliveFile(path: string, pool: pg.Pool, workers: readonly Worker[]): { close(): void } {
  const look = async () => {
    try {
      await pool.query('SELECT 1');
      const clients = await Promise.all(workers.map((worker) => worker.backend.client));
      if (clients.every((client) => client.status === 'ready')) await writeFile(path, `${process.pid}\n`);
    } catch {
      // The file grows old: that is the report.
    }
  };
  void look();
  const timer = setInterval(() => void look(), PAUSE);
  return { close: () => clearInterval(timer) };
}
