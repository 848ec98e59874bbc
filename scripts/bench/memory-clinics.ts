import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClinic } from '../demo/clinic.js';
import type { Databases } from '../demo/databases.js';
import type { Folder } from '../demo/folder.js';
import { psql } from '../demo/psql.js';
import type { Measurements } from './measurements.js';
import type { MemorySize } from './options.js';
import type { SafekeepJobs } from './safekeep-jobs.js';

/** The variables that make a source of each size known to API and worker. */
export function sourcesOf(
  sizes: readonly MemorySize[],
  folder: Folder,
  databases: Databases,
): Record<string, string> {
  if (sizes.length === 0) return {};
  const file = join(folder.secrets, 'sources.json');
  const sources = sizes.map((_, index) => ({
    name: sourceName(index),
    url: inDatabase(databases.sourceUrl, databaseName(index)),
  }));
  writeFileSync(file, JSON.stringify(sources), { mode: 0o600 });
  return { SOURCES_FILE: file };
}

/** One full backup of a fresh clinic of each size, each in a fresh worker, so that none inherits memory. */
export async function measureSizes(
  sizes: readonly MemorySize[],
  needs: { jobs: SafekeepJobs; clinicUrl: string; say: (text: string) => void; signal: AbortSignal },
): Promise<Measurements['sizes'][number][]> {
  const { jobs, clinicUrl, say, signal } = needs;
  const result: Measurements['sizes'][number][] = [];
  for (const [index, { text, bytes }] of sizes.entries()) {
    const name = databaseName(index);
    const url = inDatabase(clinicUrl, name);
    await psql(clinicUrl, `CREATE DATABASE ${name}`, { signal });
    await createClinic(url, { bytes, signal });
    const databaseBytes = Number(await psql(url, 'SELECT pg_database_size(current_database())', { signal }));
    await jobs.freshWorker();
    const run = await jobs.full(sourceName(index));
    say(`memory at ${text}: full ${run.seconds.toFixed(1)} s, ${Math.round(run.memory.tree / 1e6)} MB`);
    result.push({ text, databaseBytes, run });
    await psql(clinicUrl, `DROP DATABASE ${name}`, { signal });
  }
  return result;
}

function sourceName(index: number): string {
  return `memory-${index + 1}`;
}

function databaseName(index: number): string {
  return `bench_memory_${index + 1}`;
}

function inDatabase(url: string, database: string): string {
  return Object.assign(new URL(url), { pathname: `/${database}` }).href;
}
