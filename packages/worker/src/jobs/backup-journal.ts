import { fail } from '@safekeep/shared/errors';
import { findLastSize, findSequenceHead } from '@safekeep/shared/history/backups';
import { type BaseCandidate, holdBase, listBaseCandidates } from '@safekeep/shared/history/bases';
import { readTime } from '@safekeep/shared/history/clock';
import { heartbeat, nameRunFile, type Run } from '@safekeep/shared/history/runs';
import { persist } from '@safekeep/shared/jobs/persist';
import type { Logger } from '@safekeep/shared/logger';
import type pg from 'pg';

/** What the next sidecar of a source says of the one before it. */
export interface SequenceHead {
  readonly sequence: number;
  readonly hmac: string;
}

/** Where a backup that is being made asks what came before it and tells what it is about to do. */
export interface BackupJournal {
  /** The time in the file's name. */
  readonly startedAt: Date;
  /** The time now, by the clock that told `startedAt`. */
  now(signal: AbortSignal): Promise<Date>;
  /** Size in bytes of the source's last full backup, `null` before the first. */
  lastSize(): Promise<number | null>;
  /** Remembers the name under which the backup will be published. */
  nameFile(name: string): Promise<void>;
  /** The newest finished backup of the source. */
  previous(signal: AbortSignal): Promise<SequenceHead | null>;
  /** Backups that an incremental might build on, the newest first. */
  baseCandidates(): Promise<readonly BaseCandidate[]>;
  /** Keeps a base from being removed while this backup is made; false when it is gone already. */
  holdBase(id: string): Promise<boolean>;
  /** The last question before publishing: does this run still hold its place, and is the backup still wanted? @throws SafekeepError RUN_FENCED, BACKUP_CANCELLED */
  confirm(progress: object, signal: AbortSignal): Promise<void>;
}

/** The journal of a run in history. A history that is away is waited for, until `stop`: the source is only read meanwhile. */
export function historyJournal(
  pool: pg.Pool,
  run: Run,
  backup: { readonly id: string; readonly source: string },
  logger: Logger,
  stop: AbortSignal,
): BackupJournal {
  const { id, source } = backup;
  const ask = <T>(work: () => Promise<T>) => persist(work, logger, stop);
  return {
    startedAt: run.startedAt,
    now: (signal) => persist(() => readTime(pool), logger, signal),
    lastSize: () => ask(() => findLastSize(pool, source, 'full')),
    nameFile: (name) => ask(() => nameRunFile(pool, run, name)),
    previous: (signal) => persist(() => findSequenceHead(pool, source), logger, signal),
    baseCandidates: () => ask(() => listBaseCandidates(pool, source)),
    holdBase: (base) => ask(() => holdBase(pool, run, id, base)),
    confirm: async (progress, signal) => {
      const cancelled = await persist(() => heartbeat(pool, run, progress), logger, signal);
      if (cancelled) throw fail('BACKUP_CANCELLED');
    },
  };
}
