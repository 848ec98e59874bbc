import type { Backup } from '@safekeep/shared/contracts/backup';

/**
 * Why a backup that was asked for as an incremental has to be a full one, as a sentence for people; `null` where it was
 * asked for as what it is. Whether a base can be built on is decided here, once rows can be compared with one.
 */
export function promotionReason(backup: Pick<Backup, 'requestedType'>): string | null {
  if (backup.requestedType !== 'incremental') return null;
  return 'Row-level incremental backups are not available in this version, so a full backup was taken.';
}
