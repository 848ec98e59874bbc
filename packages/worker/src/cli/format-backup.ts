import type { Backup } from '@safekeep/shared/contracts/backup';
import { bytes, count, duration, time } from '@safekeep/shared/format';

/** All that history knows of one backup, a fact a line; what went wrong comes first. */
export function formatBackup(backup: Backup): string {
  const facts: [string, string][] = [
    ['status', backup.status],
    ['error', backup.error === null ? '' : `${backup.error.code}: ${backup.error.message}`],
    ['what to do', backup.error?.hint ?? ''],
    ['disposed', backup.disposedAt === null ? '' : `${utc(backup.disposedAt)}: ${backup.disposedReason}`],
    ['legal hold', backup.legalHold ? (backup.legalHoldReason ?? 'yes') : ''],
    ['id', backup.id],
    ['source', backup.source],
    ['type', backup.promotedReason === null ? backup.type : `${backup.type} (${backup.promotedReason})`],
    ['base', base(backup)],
    ['progress', backup.progress === null ? '' : `${backup.progress.percent} % (${backup.progress.phase})`],
    ['requested', `${time(backup.createdAt)} UTC by ${backup.requestedVia}`],
    ['started', utc(backup.startedAt)],
    ['ended', utc(backup.endedAt)],
    ['cancel asked', utc(backup.cancelRequestedAt)],
    ['took', duration(backup.startedAt, backup.endedAt)],
    ['attempts', String(backup.attempts)],
    ['file', backup.fileName ?? ''],
    ['size', backup.sizeBytes === null ? '' : `${bytes(backup.sizeBytes)} (${backup.sizeBytes} bytes)`],
    ['sha256', backup.checksum ?? ''],
    ['contents', contents(backup)],
    ['compression', backup.compression ?? ''],
    ['key id', backup.keyId ?? ''],
    [
      'PostgreSQL',
      backup.postgresVersion === null ? '' : `${backup.postgresVersion}, pg_dump ${backup.pgDumpVersion}`,
    ],
    ['sequence', backup.sequence === null ? '' : String(backup.sequence)],
  ];
  const known = facts.filter(([, value]) => value !== '');
  return known.map(([name, value]) => `${name.padEnd(12)} ${value}`).join('\n');
}

function utc(value: Date | null): string {
  return value === null ? '' : `${time(value)} UTC`;
}

function base({ baseId, baseStatus }: Backup): string {
  if (baseId === null || baseStatus === 'completed') return baseId ?? '';
  return `${baseId} (${baseStatus}: while its file is not there, this backup restores nothing)`;
}

function contents(backup: Backup): string {
  if (backup.tableCount === null) return '';
  const objects = backup.largeObjectCount ? `, ${backup.largeObjectCount} large objects` : '';
  return `${backup.tableCount} tables, ${backup.rowCount} rows${objects}${changed(backup)}`;
}

/** What the numbers before it count is restored; what this tells is in the file. */
function changed({ changedTables, changedRows }: Backup): string {
  if (changedTables === null) return '';
  if (changedTables === 0) return '; nothing changed since the base';
  return `; of these ${count(changedRows ?? 0, 'new or changed row')} of ${count(changedTables, 'table')} in this file, the rest in the base`;
}
