import { loadavg } from 'node:os';
import type { FullPair, Run } from './measurements.js';
import type { SafekeepJobs } from './safekeep-jobs.js';
import type { StockTools } from './stock-tools.js';

/** What a part of the benchmark works with. */
export interface PartNeeds {
  readonly jobs: SafekeepJobs;
  readonly stock: StockTools;
  readonly pairs: number;
  readonly say: (text: string) => void;
}

type Runs = { -readonly [Name in keyof FullPair['runs']]: FullPair['runs'][Name] };

/** Every other pair runs backwards, so that a machine that grows slower or faster favours nobody. */
export async function measureFull(needs: PartNeeds, parallel: boolean): Promise<FullPair[]> {
  const pairs: FullPair[] = [];
  for (let number = 1; number <= needs.pairs; number += 1) {
    pairs.push(await measurePair(needs, parallel, number));
  }
  return pairs;
}

async function measurePair(
  { jobs, stock, pairs, say }: PartNeeds,
  parallel: boolean,
  number: number,
): Promise<FullPair> {
  const load = loadavg()[0] ?? 0;
  const runs: Partial<Runs> = {};
  const told = <Done extends Run>(name: string, run: Done): Done => {
    say(`full ${number} of ${pairs}: ${name} ${run.seconds.toFixed(1)} s`);
    return run;
  };
  const steps = [
    async () => {
      await jobs.freshWorker();
      runs.safekeep = told('Safekeep', await jobs.full());
    },
    async () => {
      await jobs.freshWorker({ BACKUP_FINGERPRINT: 'off' });
      runs.plain = told('Safekeep without hashes', await jobs.full());
    },
    async () => {
      runs.pipe = told('shell pipe', await stock.pipe());
    },
    async () => {
      runs.dump = told('pg_dump -Z9 alone', await stock.dump());
    },
    async () => {
      runs.floor = told('pg_dump -Z0 alone', await stock.floor());
    },
    async () => {
      if (parallel) runs.directory = told('pg_dump -Fd -j', await stock.directory());
    },
  ];
  for (const step of number % 2 === 1 ? steps : steps.reverse()) await step();
  await jobs.freshWorker();
  return { load, runs: runs as Runs };
}
