import type { Folder } from '../demo/folder.js';
import type { Stack } from '../demo/stack.js';
import { isGoal } from './change.js';
import { trueIncrements } from './incremental-rows.js';
import { measureFull, type PartNeeds } from './measure-full.js';
import { measureIncrementals, measurePhysicalFulls } from './measure-incremental.js';
import { type Chain, measureChains, measureProofs } from './measure-proofs.js';
import type { BackupRun, Measurements, Scenario } from './measurements.js';
import { measureSizes } from './memory-clinics.js';
import type { BenchOptions } from './options.js';
import { makePgBackRest, type PgBackRestFacts } from './pgbackrest.js';
import type { SafekeepJobs } from './safekeep-jobs.js';
import type { StockTools } from './stock-tools.js';

interface AllNeeds {
  readonly options: BenchOptions;
  readonly stack: Stack;
  readonly folder: Folder;
  readonly jobs: SafekeepJobs;
  readonly stock: StockTools;
  readonly pgBackRest: PgBackRestFacts | null;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

/** One part after the other; what a part leaves is of use to the next ones. */
export async function measureAll(needs: AllNeeds): Promise<Measurements> {
  const { options, stack, folder, jobs, stock, say, signal } = needs;
  const { clinicUrl } = stack;
  const has = (...parts: Parameters<typeof options.parts.has>[0][]) =>
    parts.some((part) => options.parts.has(part));
  const part: PartNeeds = { jobs, stock, pairs: options.pairs, say };
  const full = has('full', 'parallel') ? await measureFull(part, has('parallel')) : [];
  const pgBackRest =
    needs.pgBackRest === null ? null : await makePgBackRest(needs.pgBackRest, stack.servers.postgres, signal);
  const physical = pgBackRest === null ? {} : await measurePhysicalFulls(pgBackRest, part);
  const { changes } = options;
  const scenarios = has('incremental', 'pgbackrest')
    ? await measureIncrementals({ ...part, clinicUrl, changes, pgBackRest, signal })
    : [];
  const proof = { ...part, backups: folder.backups, verify: has('verify'), restore: has('restore') };
  const proofs =
    proof.verify || proof.restore ? await measureProofs(proof, await fullToProve(full, scenarios, jobs)) : [];
  const chain = proof.restore ? chainToRestore(scenarios) : null;
  const chains = chain === null ? [] : await measureChains(proof, chain);
  const sizes = has('memory')
    ? await measureSizes(options.memorySizes, { jobs, clinicUrl, say, signal })
    : [];
  return { full, scenarios, proofs, chains, physical, sizes };
}

async function fullToProve(
  full: Measurements['full'],
  scenarios: readonly Scenario[],
  jobs: SafekeepJobs,
): Promise<BackupRun> {
  return full.at(-1)?.runs.safekeep ?? scenarios[0]?.base ?? (await jobs.full());
}

/** The scenario of the goals, else the first that has an incremental. */
function chainToRestore(scenarios: readonly Scenario[]): Chain | null {
  const goals = scenarios.filter(({ change }) => isGoal(change));
  for (const scenario of [...goals, ...scenarios]) {
    const increment = trueIncrements(scenario).at(-1);
    if (increment !== undefined) return { change: scenario.change, base: scenario.base, increment };
  }
  return null;
}
