import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { contentOf } from '../../packages/shared/test/queues/content.js';
import { checkInvariants } from '../../packages/worker/test/faults/harness/invariants.js';
import { type Accepted, TABLES } from './accepted.js';
import type { SoakWorld } from './soak-world.js';
import { ROW_VALUE } from './write-to-sources.js';

/** Looks for everything that was accepted. @returns what is lost or wrong, in sentences. */
export async function judge(world: SoakWorld, accepted: Accepted): Promise<string[]> {
  const { faults } = world;
  const wrong = [...(await lostRequests(world, accepted)), ...(await disagreements(world))];
  removeProbes(faults.backupDirectory);
  try {
    await checkInvariants(faults, { rowValues: [ROW_VALUE] });
  } catch (error) {
    wrong.push(error instanceof Error ? error.message : String(error));
  }
  return wrong;
}

/** Requests that the API said yes to, and that history does not know as ended. */
async function lostRequests({ faults }: SoakWorld, accepted: Accepted): Promise<string[]> {
  const lost: string[] = [];
  for (const table of TABLES) {
    const rows = await faults.sql<{ id: string; status: string }>(
      'history',
      `SELECT id, status FROM ${table}`,
    );
    const status = new Map(rows.map((row) => [row.id, row.status]));
    for (const id of accepted.idsOf(table)) {
      const found = status.get(id) ?? 'unknown';
      if (['unknown', 'queued', 'running'].includes(found))
        lost.push(`${table} ${id} was accepted: ${found}`);
    }
  }
  return lost;
}

/** Where API, history and Redis tell different things. */
async function disagreements({ faults, client }: SoakWorld): Promise<string[]> {
  const told: string[] = [];
  const [history] = await faults.sql<{ count: number }>('history', 'SELECT count(*) FROM backups');
  let listed = 0;
  for (;;) {
    const answer = await client.request('GET', `/backup/history?limit=1000&offset=${listed}`);
    if (answer?.status !== 200) {
      told.push(`the API does not list the history: ${answer?.status}`);
      break;
    }
    listed += answer.body.length;
    if (answer.body.length < 1000) break;
  }
  if (listed !== history?.count) told.push(`the API lists ${listed} backups, history has ${history?.count}`);
  for (const [key, value] of await contentOf(faults.redis.url)) {
    if (/\}:(backup|verify|restore-test|cleanup|report):(wait|active)$/.test(key)) {
      told.push(`Redis has jobs that history does not wait for: ${key} ${value}`);
    }
  }
  return told;
}

/** What a check of the directory left whose worker was killed meanwhile; the manual says to remove it. */
function removeProbes(directory: string): void {
  for (const name of readdirSync(directory, { recursive: true }).map(String)) {
    if (name.includes('.safekeep-probe-')) rmSync(join(directory, name));
  }
}
