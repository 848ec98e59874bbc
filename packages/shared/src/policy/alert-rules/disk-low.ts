import { bytes } from '../../format.js';
import type { VolumeFacts } from '../alert-facts.js';
import type { Rule } from './wanted-alert.js';
import { utc } from './wording.js';

const DAY = 24 * 60 * 60_000;

/** Free part of the volume, in percent; below it the alert opens. */
const LOW_PERCENT = { warning: 10, critical: 5 } as const;
/** Days until the volume is full, by forecast. */
const LOW_DAYS = { warning: 7, critical: 2 } as const;
/** Free space in full backups of the size of the last one. */
const LOW_BACKUPS = { warning: 2, critical: 1 } as const;
/** A trend over less than this is none, in milliseconds. */
const SHORTEST_TREND = DAY;

/** The volume of a source's backups is nearly full, or soon will be. */
export const diskLow: Rule = ({ volumes }) =>
  volumes.flatMap((volume) => {
    const low = (grade: 'warning' | 'critical') => isLow(volume, grade);
    if (!low('warning')) return [];
    const days = daysUntilFull(volume);
    return [
      {
        rule: 'disk-low',
        severity: low('critical') ? 'critical' : 'warning',
        source: volume.source,
        subject: '',
        message: message(volume, days),
        detail: {
          freeBytes: volume.freeBytes,
          totalBytes: volume.totalBytes,
          lastBackupBytes: volume.lastBackupBytes,
          daysUntilFull: days === null ? null : Math.floor(days),
        },
      },
    ];
  });

function isLow(volume: VolumeFacts, grade: 'warning' | 'critical'): boolean {
  const days = daysUntilFull(volume);
  return (
    volume.freeBytes * 100 < volume.totalBytes * LOW_PERCENT[grade] ||
    (days !== null && days < LOW_DAYS[grade]) ||
    (volume.lastBackupBytes !== null && volume.freeBytes < volume.lastBackupBytes * LOW_BACKUPS[grade])
  );
}

/** By a straight line through the two samples; `null` when the space does not shrink or they are too close. */
function daysUntilFull({ at, freeBytes, earlier }: VolumeFacts): number | null {
  const span = at.getTime() - earlier.at.getTime();
  const used = earlier.freeBytes - freeBytes;
  if (span < SHORTEST_TREND || used <= 0) return null;
  return (freeBytes / used) * (span / DAY);
}

function message(volume: VolumeFacts, days: number | null): string {
  const percent = Math.floor((volume.freeBytes / Math.max(1, volume.totalBytes)) * 100);
  const forecast = days === null ? '' : ` At this rate it is full in ${Math.floor(days)} days.`;
  const last =
    volume.lastBackupBytes === null ? '' : ` The last full backup took ${bytes(volume.lastBackupBytes)}.`;
  return `The volume of the backups of "${volume.source}" had ${bytes(volume.freeBytes)} (${percent} %) free at ${utc(volume.at)}.${last}${forecast} Make room or use a larger volume: backup.sh cleanup --dry-run shows what retention would remove.`;
}
