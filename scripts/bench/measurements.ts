import type { Change } from './change.js';
import type { MemoryPeaks } from './memory-meter.js';

/** One timed run; `bytes` is what it left on the disk. */
export interface Run {
  readonly seconds: number;
  readonly bytes: number;
}

/** A run of a job in the worker. */
export interface JobRun extends Run {
  readonly memory: MemoryPeaks;
}

export interface BackupRun extends JobRun {
  /** From the accepted request to the finished row; `seconds` begins with the run in the worker. */
  readonly secondsFromRequest: number;
  readonly id: string;
  readonly fileName: string;
  readonly type: string;
  readonly promotedReason: string | null;
  /** Whether a chunk manifest lies beside it. */
  readonly hasManifest: boolean;
}

/** What takes a full backup. `plain` is Safekeep without hashes and manifest; `floor` compresses nothing. */
export type FullContender = 'safekeep' | 'plain' | 'pipe' | 'dump' | 'floor' | 'directory';

/** One run of each contender, next to each other in time. */
export interface FullPair {
  /** Processes that wanted a core in the minute before the pair, the benchmark's own among them (load average). */
  readonly load: number;
  readonly runs: Readonly<Partial<Record<FullContender, Run>>> & {
    readonly safekeep: BackupRun;
    readonly plain: BackupRun;
  };
}

/** A fresh full, a change, and incrementals of that change alone. */
export interface Scenario {
  readonly change: Change;
  /** How many rows were changed. */
  readonly rows: number;
  readonly base: BackupRun;
  readonly increments: readonly BackupRun[];
  /** What pgBackRest's `incr` makes of the same change, by variant. */
  readonly physical: Readonly<Record<string, PhysicalRun>>;
}

export interface PhysicalRun extends Run {
  /** Bytes of WAL that were archived since the run before; without them no backup of pgBackRest is complete. */
  readonly walBytes: number;
}

/** One backup proven and restored, next to each other in time; parts that were not asked for are missing. */
export interface ProofPair {
  readonly verification?: JobRun;
  readonly recoveryTest?: JobRun;
  readonly restore?: JobRun;
  /** `gunzip | openssl | pg_restore`. */
  readonly stock: Run;
}

/** A base and its incremental, restored by Safekeep and by two plain pg_restore. */
export interface ChainPair {
  /** What the incremental holds. */
  readonly change: Change;
  readonly restore: JobRun;
  readonly stockBase: Run;
  readonly stockIncrement: Run;
}

export interface Measurements {
  readonly full: readonly FullPair[];
  readonly scenarios: readonly Scenario[];
  readonly proofs: readonly ProofPair[];
  readonly chains: readonly ChainPair[];
  /** Fulls of pgBackRest, by variant. */
  readonly physical: Readonly<Record<string, readonly PhysicalRun[]>>;
  /** One full backup of a clinic of each size, in a fresh worker; `text` is the size as it was asked for. */
  readonly sizes: readonly {
    readonly text: string;
    readonly databaseBytes: number;
    readonly run: BackupRun;
  }[];
}
