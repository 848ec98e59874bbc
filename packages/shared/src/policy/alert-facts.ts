import type { Alert } from '../contracts/alert.js';
import type { Channel } from '../contracts/notification.js';

/** All that the alert rules know of the world, read from history at `now` (the database's clock). */
export interface AlertFacts {
  readonly now: Date;
  /** How long the process that asks has been watching, in seconds. */
  readonly watchedSeconds: number;
  /** The alerts that are open. */
  readonly open: readonly AlertKey[];
  readonly lastBackups: readonly LastBackup[];
  readonly successes: readonly Success[];
  /** Sources that a living run is backing up. */
  readonly runningSources: readonly string[];
  readonly schedules: readonly ScheduleFacts[];
  readonly lateRuns: readonly LateRun[];
  readonly badVerifications: readonly BadVerification[];
  readonly recoveryTests: readonly LastRecoveryTest[];
  readonly volumes: readonly VolumeFacts[];
  readonly sizes: readonly SizeFacts[];
  readonly keys: readonly KeyFacts[];
  readonly workers: readonly WorkerFacts[];
  readonly runs: readonly LivingRun[];
  readonly waiting: readonly WaitingJobs[];
  readonly findings: readonly FindingFacts[];
  readonly missing: readonly MissingFacts[];
  readonly channels: readonly ChannelFacts[];
}

/** What tells an alert from all others that are open. */
export type AlertKey = Pick<Alert, 'rule' | 'source' | 'subject'>;

/** The newest backup of a source that has ended, however it ended. */
export interface LastBackup {
  readonly source: string;
  readonly backupId: string;
  readonly status: 'completed' | 'failed' | 'cancelled' | 'missing';
  readonly endedAt: Date;
  readonly errorCode: string | null;
  readonly errorHint: string | null;
  readonly lastSuccessAt: Date | null;
}

/** The newest success of a source and type. */
export interface Success {
  readonly source: string;
  readonly type: 'full' | 'incremental';
  readonly endedAt: Date;
}

/** A schedule that holds; `cron` is `null` where it is off. */
export interface ScheduleFacts {
  readonly source: string;
  readonly name: string;
  readonly cron: string | null;
  readonly timezone: string;
  readonly paused: boolean;
  /** Due times before it belong to nobody. */
  readonly since: Date;
}

/** The newest due time of a schedule that was noticed late, of the last 24 hours. */
export interface LateRun {
  readonly source: string;
  readonly name: string;
  readonly dueAt: Date;
  readonly noticedAt: Date;
}

/** A kept backup whose newest ended verification is not good. */
export interface BadVerification {
  readonly source: string;
  readonly backupId: string;
  readonly fileName: string | null;
  readonly status: 'failed' | 'error';
  readonly verdict: string | null;
  readonly errorCode: string | null;
  readonly endedAt: Date;
}

/** The recovery tests of a source that has at least one completed backup. */
export interface LastRecoveryTest {
  readonly source: string;
  /** The newest one that ended, `null` before the first. */
  readonly last: {
    readonly backupId: string;
    readonly status: 'passed' | 'failed' | 'error';
    readonly findings: number;
    readonly errorCode: string | null;
    readonly endedAt: Date;
  } | null;
  /** When one last came to a verdict (passed or failed). */
  readonly lastVerdictAt: Date | null;
  /** When the first backup of the source was completed: what there was nothing to test before. */
  readonly firstBackupAt: Date;
}

/** The newest sample of a source's volume, and the oldest of the last two weeks. */
export interface VolumeFacts {
  readonly source: string;
  readonly at: Date;
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly earlier: { readonly at: Date; readonly freeBytes: number };
  /** What the newest full backup of the source took. */
  readonly lastBackupBytes: number | null;
}

/** The newest completed full backup of a source beside up to five before it, newest first. */
export interface SizeFacts {
  readonly source: string;
  readonly backupId: string;
  readonly endedAt: Date;
  readonly sizeBytes: number;
  readonly rowCount: number;
  readonly earlier: readonly { readonly sizeBytes: number; readonly rowCount: number }[];
  /** Tables of the backups before, with the median of their rows then and the rows now (0: the table is gone). */
  readonly tables: readonly { readonly name: string; readonly before: number; readonly rows: number }[];
}

/** The kept backups of a source that were made with one key. */
export interface KeyFacts {
  readonly source: string;
  readonly keyId: string;
  readonly backups: number;
  readonly newestAt: Date;
}

export interface WorkerFacts {
  readonly name: string;
  readonly keyId: string;
  readonly seenAt: Date;
  readonly stopped: boolean;
}

/** A run that nobody has declared dead. */
export interface LivingRun {
  readonly queue: string;
  readonly subjectId: string;
  readonly source: string | null;
  readonly worker: string;
  readonly heartbeatAt: Date;
  /** When its progress last changed. */
  readonly progressAt: Date;
}

/** What waits in one queue. */
export interface WaitingJobs {
  readonly queue: string;
  readonly jobs: number;
  /** How long the one that waits longest does. */
  readonly since: Date;
  /** Whether a living run carries out another job of this queue. */
  readonly busy: boolean;
}

/** What the inventory found and has not seen disappear. */
export interface FindingFacts {
  readonly source: string;
  readonly kind: 'unknown-file' | 'stray-partial' | 'strange-file' | 'plain-text-dump' | 'missing-file';
  readonly files: number;
  readonly since: Date;
}

/** Backups of a source whose file is gone and was not disposed of. */
export interface MissingFacts {
  readonly source: string;
  readonly backups: number;
  readonly newestBackupId: string;
  readonly newestFile: string | null;
}

/** How the newest notifications of a channel ended. */
export interface ChannelFacts {
  readonly channel: Channel;
  /** How many failed since one last was sent. */
  readonly failures: number;
  readonly firstFailedAt: Date;
  readonly reason: string | null;
}
