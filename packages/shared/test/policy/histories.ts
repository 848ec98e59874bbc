import { randomUUID } from 'node:crypto';
import type { RetainedBackup } from '../../src/policy/retention.js';

export const NOW = new Date('2024-06-01T05:00:00Z');
const DAY = 86_400_000;

/** A completed full backup that ended so many days before NOW. */
export function aBackup(daysOld: number, more: Partial<RetainedBackup> = {}): RetainedBackup {
  const endedAt = new Date(NOW.getTime() - daysOld * DAY);
  const digits = endedAt.toISOString().replace(/\D/g, '').slice(0, 14);
  return {
    id: randomUUID(),
    source: 'main',
    type: 'full',
    status: 'completed',
    baseId: null,
    fileName: `${more.type ?? 'full'}_backup_${digits.slice(0, 8)}_${digits.slice(8)}.pgdump.enc.gz`,
    sizeBytes: 1000,
    sequence: null,
    endedAt,
    adoptedAt: null,
    legalHold: false,
    legalHoldReason: null,
    verified: null,
    recoveryTested: null,
    reader: null,
    ...more,
  };
}

export function anIncremental(
  daysOld: number,
  base: RetainedBackup,
  more: Partial<RetainedBackup> = {},
): RetainedBackup {
  return aBackup(daysOld, { type: 'incremental', baseId: base.id, ...more });
}

/** Random numbers that a seed repeats: mulberry32. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Any history: some sources, fulls and incrementals of all ages, holds, readers, verdicts, missing files, equal times. */
export function anyHistory(next: () => number): RetainedBackup[] {
  const chance = (share: number) => next() < share;
  const verdict = () => (chance(0.4) ? 'passed' : chance(0.3) ? 'failed' : null);
  const backups: RetainedBackup[] = [];
  const sources = ['main', 'lab', 'gone'].slice(0, 1 + Math.floor(next() * 3));
  for (const source of sources) {
    const fulls: RetainedBackup[] = [];
    const count = Math.floor(next() * 14);
    for (let at = 0; at < count; at += 1) {
      const facts = {
        source,
        sequence: chance(0.8) ? at + 1 : null,
        status: chance(0.15) ? ('missing' as const) : ('completed' as const),
        legalHold: chance(0.08),
        verified: verdict(),
        recoveryTested: chance(0.3) ? verdict() : null,
        reader: chance(0.08) ? 'a verification' : null,
      } satisfies Partial<RetainedBackup>;
      const base = fulls[Math.floor(next() * fulls.length)];
      const daysOld = Math.floor(next() * 200);
      const backup =
        base !== undefined && chance(0.45)
          ? anIncremental(daysOld, base, facts)
          : aBackup(daysOld, { ...facts, type: chance(0.1) ? 'emergency' : 'full' });
      if (backup.type !== 'incremental') fulls.push(backup);
      backups.push(backup);
    }
  }
  return backups;
}
