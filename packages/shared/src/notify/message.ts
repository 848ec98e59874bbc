import type { Alert } from '../contracts/alert.js';
import type { Backup } from '../contracts/backup.js';
import type { NotificationEvent } from '../contracts/notification.js';

/** What a notification says: a line, a text for people, and the same for programs. */
export interface Message {
  readonly title: string;
  readonly text: string;
  /** The body of the generic webhook. */
  readonly payload: object;
}

/** What a notification is about. */
export interface Occasion {
  readonly id: string;
  readonly event: NotificationEvent;
  readonly createdAt: Date;
  readonly alert: Alert | null;
  readonly backup: Backup | null;
}

export function composeMessage(occasion: Occasion): Message {
  const { id, event, createdAt, alert } = occasion;
  const { title, lines } = words(occasion);
  const payload = {
    id,
    event,
    at: createdAt.toISOString(),
    title,
    text: lines.join('\n'),
    alert: alert === null ? null : forPrograms(alert),
    backup: occasion.backup === null ? null : backupFacts(occasion.backup),
  };
  return { title, text: lines.join('\n'), payload };
}

function words({ event, alert, backup }: Occasion): { title: string; lines: string[] } {
  if (alert !== null) return event === 'resolved' ? resolvedWords(alert) : raisedWords(alert);
  if (event === 'success' && backup !== null) {
    const title = `[Safekeep] A backup of ${backup.source} is complete`;
    const size = `${backup.sizeBytes ?? 0} bytes, ${backup.rowCount ?? 0} rows in ${backup.tableCount ?? 0} tables`;
    return {
      title,
      lines: [`${backup.fileName} was completed at ${backup.endedAt?.toISOString()}: ${size}.`],
    };
  }
  return {
    title: '[Safekeep] Test',
    lines: ['This is a test: notifications of Safekeep arrive here. Nothing is wrong.'],
  };
}

function raisedWords(alert: Alert): { title: string; lines: string[] } {
  const title = `[Safekeep] ${alert.severity.toUpperCase()}: ${alert.rule}${about(alert)}`;
  const ended = alert.resolvedAt === null ? [] : [`Over since: ${alert.resolvedAt.toISOString()}`];
  const acknowledge = `Acknowledge: backup.sh ack ${alert.id}`;
  return { title, lines: [alert.message, '', ...facts(alert), ...ended, acknowledge] };
}

function resolvedWords(alert: Alert): { title: string; lines: string[] } {
  const title = `[Safekeep] resolved: ${alert.rule}${about(alert)}`;
  const ended = `Over since: ${alert.resolvedAt?.toISOString() ?? 'now'}`;
  return { title, lines: ['This is over. It had said:', alert.message, '', ...facts(alert), ended] };
}

function about({ source }: Alert): string {
  return source === null ? '' : ` (${source})`;
}

function facts(alert: Alert): string[] {
  return [`Severity: ${alert.severity}`, `Raised: ${alert.raisedAt.toISOString()}`];
}

function forPrograms(alert: Alert): object {
  const { acknowledgedBy: _, ...shown } = alert;
  return shown;
}

function backupFacts({
  id,
  source,
  type,
  fileName,
  sizeBytes,
  rowCount,
  startedAt,
  endedAt,
}: Backup): object {
  return { id, source, type, fileName, sizeBytes, rowCount, startedAt, endedAt };
}
