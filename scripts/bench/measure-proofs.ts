import { join } from 'node:path';
import type { Change } from './change.js';
import type { PartNeeds } from './measure-full.js';
import type { BackupRun, ChainPair, ProofPair, Run } from './measurements.js';

export interface ProofNeeds extends PartNeeds {
  readonly backups: string;
  readonly verify: boolean;
  readonly restore: boolean;
}

/** Verification, recovery test and restore of one full, beside gunzip, openssl and pg_restore. */
export async function measureProofs(needs: ProofNeeds, backup: BackupRun): Promise<ProofPair[]> {
  const { jobs, stock, pairs, say } = needs;
  const result: ProofPair[] = [];
  for (let number = 1; number <= pairs; number += 1) {
    const told = <Done extends Run>(name: string, run: Done): Done => {
      say(`proof ${number} of ${pairs}: ${name} ${run.seconds.toFixed(1)} s`);
      return run;
    };
    const pair: { -readonly [Name in keyof ProofPair]?: ProofPair[Name] } = {};
    const steps = [
      async () => {
        if (needs.verify) pair.verification = told('verification', await jobs.verification(backup.id));
      },
      async () => {
        const [run] = await stock.restore([join(needs.backups, backup.fileName)]);
        pair.stock = told('pg_restore', run as Run);
      },
      async () => {
        if (needs.restore) pair.restore = told('restore', await jobs.restore(backup.id));
      },
      async () => {
        if (needs.restore) pair.recoveryTest = told('recovery test', await jobs.recoveryTest(backup.id));
      },
    ];
    for (const step of number % 2 === 1 ? steps : steps.reverse()) await step();
    result.push(pair as ProofPair);
  }
  return result;
}

export interface Chain {
  readonly change: Change;
  readonly base: BackupRun;
  readonly increment: BackupRun;
}

/** A base and its incremental, restored in one go by Safekeep and by hand. */
export async function measureChains(
  needs: ProofNeeds,
  { change, base, increment }: Chain,
): Promise<ChainPair[]> {
  const { jobs, stock, pairs, say } = needs;
  const files = [base, increment].map(({ fileName }) => join(needs.backups, fileName));
  const result: ChainPair[] = [];
  for (let number = 1; number <= pairs; number += 1) {
    const restore = await jobs.restore(increment.id);
    say(`chain ${number} of ${pairs}: restore ${restore.seconds.toFixed(1)} s`);
    const [stockBase, stockIncrement] = (await stock.restore(files)) as [Run, Run];
    say(
      `chain ${number} of ${pairs}: pg_restore ${stockBase.seconds.toFixed(1)} + ${stockIncrement.seconds.toFixed(1)} s`,
    );
    result.push({ change, restore, stockBase, stockIncrement });
  }
  return result;
}
