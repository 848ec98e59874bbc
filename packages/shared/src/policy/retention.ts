import type { BackupType } from '../contracts/backup.js';

/** A backup with files, or whose files should be there, as retention sees it. */
export interface RetainedBackup {
  readonly id: string;
  readonly source: string;
  readonly type: BackupType;
  readonly status: 'completed' | 'missing';
  /** The backup that this one applies on. */
  readonly baseId: string | null;
  readonly fileName: string;
  readonly sizeBytes: number | null;
  readonly sequence: number | null;
  readonly endedAt: Date;
  /** When history took it in from its sidecar, because it had lost it or never known it; else `null`. */
  readonly adoptedAt: Date | null;
  readonly legalHold: boolean;
  readonly legalHoldReason: string | null;
  /** What the newest verification that came to a verdict said. */
  readonly verified: 'passed' | 'failed' | null;
  /** The same of recovery tests. */
  readonly recoveryTested: 'passed' | 'failed' | null;
  /** What reads it now or waits to: `a verification`, `a restore`; `null` when nobody does. */
  readonly reader: string | null;
}

export interface RetentionPolicy {
  readonly fullDays: number;
  readonly incrementalDays: number;
  /** How many of the newest full backups of each source stay, however old. */
  readonly keepMinimum: number;
  /** The sources that are configured; others have lost the person who knows whether their backups are needed. */
  readonly sources: readonly string[];
}

export interface RetentionDecision {
  readonly backup: RetainedBackup;
  readonly action: 'keep' | 'remove';
  /** In words, for people and as evidence. */
  readonly reason: string;
}

const DAY = 86_400_000;
/** Legal holds are in no sidecar: for so many days people may set them again after history was rebuilt. */
const ADOPTED_DAYS = 7;
/** Clocks of workers and history may differ by this much before no age is believed any more, in milliseconds. */
const CLOCK_TOLERANCE = 3_600_000;

/**
 * What retention does with each backup, and why; sources by name, the newest backup of a source first.
 *
 * Age counts up to the newest backup of the source, not up to `now`: a clock that runs ahead expires nothing early, and
 * where backups stopped coming nothing expires at all. A clock behind the newest backup is not believed.
 */
export function decideRetention(
  backups: readonly RetainedBackup[],
  policy: RetentionPolicy,
  now: Date,
): RetentionDecision[] {
  const sources = [...new Set(backups.map((backup) => backup.source))].toSorted(byName);
  return sources.flatMap((source) => {
    const own = backups.filter((backup) => backup.source === source).toSorted(newestFirst);
    return decideSource(own, policy, now);
  });
}

/** The order in which backups may be removed: what builds on another one before it, then the oldest first. */
export function removalOrder(decisions: readonly RetentionDecision[]): RetentionDecision[] {
  const removed = decisions.filter((decision) => decision.action === 'remove').toReversed();
  const builds = (decision: RetentionDecision) => decision.backup.baseId !== null;
  return [...removed.filter(builds), ...removed.filter((decision) => !builds(decision))];
}

const byName = (left: string, right: string) => (left < right ? -1 : 1);

function newestFirst(left: RetainedBackup, right: RetainedBackup): number {
  return (
    right.endedAt.getTime() - left.endedAt.getTime() ||
    (right.sequence ?? 0) - (left.sequence ?? 0) ||
    (left.id < right.id ? 1 : -1)
  );
}

/** Of one source, the newest first. */
function decideSource(
  backups: readonly RetainedBackup[],
  policy: RetentionPolicy,
  now: Date,
): RetentionDecision[] {
  const newest = backups.find((backup) => backup.status === 'completed') ?? backups[0];
  if (newest === undefined) return [];
  const frozen = reasonToKeepAll(backups, newest.source, policy, now);
  const age = (backup: RetainedBackup) => newest.endedAt.getTime() - backup.endedAt.getTime();
  const kept = frozen === null ? reasonsToKeep(backups, policy, age, now) : new Map<string, string>();
  return backups.map((backup) => {
    const reason = frozen ?? kept.get(backup.id);
    const useless = withoutBase(backup, backups);
    if (reason !== undefined) return { backup, action: 'keep', reason: `${reason}${useless}` };
    const file = backup.status === 'missing' ? '; its file is missing, what is left of it goes' : '';
    return { backup, action: 'remove', reason: `${ageInWords(backup, policy, age, true)}${useless}${file}` };
  });
}

/** What people should know of an incremental that restores nothing. */
function withoutBase({ baseId }: RetainedBackup, backups: readonly RetainedBackup[]): string {
  if (baseId === null) return '';
  const base = backups.find((candidate) => candidate.id === baseId);
  if (base === undefined) return '; its base is gone, so it restores nothing';
  return base.status === 'missing' ? `; it restores nothing while its base ${base.fileName} is missing` : '';
}

function reasonToKeepAll(
  backups: readonly RetainedBackup[],
  source: string,
  policy: RetentionPolicy,
  now: Date,
): string | null {
  if (!policy.sources.includes(source)) return `the source ${source} is not configured any more`;
  const newest = Math.max(...backups.map((backup) => backup.endedAt.getTime()));
  if (newest <= now.getTime() + CLOCK_TOLERANCE) return null;
  const time = new Date(newest).toISOString();
  return `a backup ended at ${time}, which is in the future: a clock is wrong, so no age is believed`;
}

function reasonsToKeep(
  backups: readonly RetainedBackup[],
  policy: RetentionPolicy,
  age: (backup: RetainedBackup) => number,
  now: Date,
): Map<string, string> {
  const kept = new Map<string, string>();
  const keep = (backup: RetainedBackup, reason: string) => {
    if (!kept.has(backup.id)) kept.set(backup.id, reason);
  };
  for (const backup of backups) {
    if (backup.legalHold) keep(backup, `legal hold: ${backup.legalHoldReason ?? 'no reason given'}`);
    else if (backup.reader !== null) keep(backup, `${backup.reader} needs it now`);
    else if (age(backup) <= daysOf(backup, policy) * DAY)
      keep(backup, ageInWords(backup, policy, age, false));
    else if (isNewlyAdopted(backup, now)) keep(backup, NEWLY_ADOPTED);
  }
  for (const backup of newestFulls(backups, policy.keepMinimum)) {
    keep(backup, `one of the ${policy.keepMinimum} newest full backups`);
  }
  keepProven(backups, keep);
  keepBases(backups, kept);
  return kept;
}

const NEWLY_ADOPTED = `taken into history from its sidecar less than ${ADOPTED_DAYS} days ago: if it was under legal hold, hold it again`;

function isNewlyAdopted({ adoptedAt }: RetainedBackup, now: Date): boolean {
  return adoptedAt !== null && now.getTime() - adoptedAt.getTime() < ADOPTED_DAYS * DAY;
}

/** A file that is missing or that failed its verification is no backup to fall back on. */
function newestFulls(backups: readonly RetainedBackup[], count: number): RetainedBackup[] {
  const good = backups.filter(
    ({ type, status, verified }) => type !== 'incremental' && status === 'completed' && verified !== 'failed',
  );
  return good.slice(0, count);
}

/** The newest chains that were proven good: while there is nothing newer to trust they stay, however old. */
function keepProven(
  backups: readonly RetainedBackup[],
  keep: (backup: RetainedBackup, reason: string) => void,
): void {
  const verified = backups.filter((backup) =>
    isChain(backup, backups, (member) => member.verified === 'passed'),
  );
  const sound = backups.filter((backup) =>
    isChain(backup, backups, (member) => member === backup || member.verified !== 'failed'),
  );
  const last: [RetainedBackup | undefined, string][] = [
    [verified[0], 'the last backup that passed its verification'],
    [verified.find((backup) => backup.baseId === null), 'the last full backup that passed its verification'],
    [
      sound.find((backup) => backup.recoveryTested === 'passed'),
      'the last backup that passed a recovery test',
    ],
  ];
  for (const [backup, reason] of last) if (backup !== undefined) keep(backup, reason);
}

/** Whether the backup and all it builds on have their files and are as wanted: a base that is broken proves nothing. */
function isChain(
  backup: RetainedBackup,
  backups: readonly RetainedBackup[],
  wanted: (member: RetainedBackup) => boolean,
): boolean {
  const seen = new Set<string>();
  let at: RetainedBackup | undefined = backup;
  while (at?.status === 'completed' && wanted(at) && !seen.has(at.id)) {
    const baseId: string | null = at.baseId;
    if (baseId === null) return true;
    seen.add(at.id);
    at = backups.find((candidate) => candidate.id === baseId);
  }
  return false;
}

function keepBases(backups: readonly RetainedBackup[], kept: Map<string, string>): void {
  const byId = new Map(backups.map((backup) => [backup.id, backup]));
  const queue = [...kept.keys()];
  for (const id of queue) {
    const backup = byId.get(id);
    const base = byId.get(backup?.baseId ?? '');
    if (backup === undefined || base === undefined || kept.has(base.id)) continue;
    kept.set(base.id, `base of ${backup.fileName}, which is kept`);
    queue.push(base.id);
  }
}

function daysOf(backup: RetainedBackup, policy: RetentionPolicy): number {
  return backup.type === 'incremental' ? policy.incrementalDays : policy.fullDays;
}

/** `400 days old, more than the 90 days that full backups are kept`, or that it is younger. */
function ageInWords(
  backup: RetainedBackup,
  policy: RetentionPolicy,
  age: (backup: RetainedBackup) => number,
  expired: boolean,
): string {
  const kind = backup.type === 'incremental' ? 'incremental' : 'full';
  const limit = daysOf(backup, policy);
  return `${inDays(Math.floor(Math.max(0, age(backup)) / DAY))} old${
    expired
      ? `, more than the ${inDays(limit)} that ${kind} backups are kept`
      : `; ${kind} backups are kept for ${inDays(limit)}`
  }`;
}

function inDays(count: number): string {
  return `${count} ${count === 1 ? 'day' : 'days'}`;
}
