import type { RestoreMessage } from '../postgres/restore-messages.js';
import type { CheckedChain } from './checked-chain.js';
import { type ArchiveRestore, restoreArchive } from './restore-archive.js';

interface ChainRestore extends Omit<ArchiveRestore, 'backup' | 'dumpIds'> {
  readonly chain: CheckedChain;
  readonly scope: ChainScope;
}

/** What of a chain is restored. */
export interface ChainScope {
  /** Dump ids of the full, in its order; `null` for all of it. */
  readonly dumpIds: readonly number[] | null;
  /** What of an increment is applied; `null` for all of it, or where there is none. */
  readonly increment: IncrementScope | null;
}

export interface IncrementScope {
  readonly dumpIds: readonly number[];
  /** An option for PGOPTIONS that names the tables that are there: the increment's statement guards and changes these alone. */
  readonly only: string;
}

/** All of a chain. */
export const WHOLE: ChainScope = { dumpIds: null, increment: null };

export interface ChainOutcome {
  /** Errors of pg_restore that leave the copy as it should be. */
  readonly warnings: readonly RestoreMessage[];
}

/**
 * Streams a checked backup into a database, and an incremental on its base: the base as any full, then the increment,
 * whose one statement looks whether all is as in the base before it changes anything, and afterwards whether all is as
 * the increment saw it.
 *
 * @throws those of `restoreArchive`; the reason of `signal`
 */
export async function restoreChain(job: ChainRestore, signal: AbortSignal): Promise<ChainOutcome> {
  const { chain, scope, onProgress, ...given } = job;
  const { full, increment, size } = chain;
  const tell = (before: number) => (done: number, _: number, table: string | null) =>
    onProgress?.(before + done, size, table);
  const base = { ...given, backup: full, dumpIds: scope.dumpIds, onProgress: tell(0) };
  const { warnings } = await restoreArchive(base, signal);
  if (increment === null) return { warnings };
  const dumpIds = scope.increment?.dumpIds ?? null;
  const access = scope.increment === null ? job.access : withOption(job.access, scope.increment.only);
  const more = { ...given, access, backup: increment, dumpIds, onProgress: tell(full.size) };
  const applied = await restoreArchive(more, signal);
  return { warnings: [...warnings, ...applied.warnings] };
}

function withOption(access: ArchiveRestore['access'], option: string): ArchiveRestore['access'] {
  const { PGOPTIONS: given } = access.environment;
  const PGOPTIONS = given === undefined ? option : `${given} ${option}`;
  return { ...access, environment: { ...access.environment, PGOPTIONS } };
}
