import { type Alert, alertsQuery } from '@safekeep/shared/contracts/alert';
import { fail } from '@safekeep/shared/errors';
import { time } from '@safekeep/shared/format';
import { listAlerts } from '@safekeep/shared/history/alerts';
import { print } from '../print.js';
import type { CliSession } from '../session.js';

/** `backup.sh alerts`: what is wrong, newest first. */
export async function alertsVerb(session: CliSession): Promise<number> {
  const { limit, severity, state, source } = session.options;
  const query = alertsQuery.safeParse({ limit, severity, state, source });
  if (!query.success) {
    const problems = query.error.issues
      .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
      .join('; ');
    throw fail('REQUEST_INVALID', { problems });
  }
  const alerts = await listAlerts(session.pool, query.data);
  print(session.options, alerts, () =>
    alerts.length === 0 ? 'no alerts' : alerts.map(describe).join('\n\n'),
  );
  return 0;
}

function describe(alert: Alert): string {
  const states = [
    `since ${time(alert.raisedAt)}`,
    ...(alert.resolvedAt === null ? [] : [`over since ${time(alert.resolvedAt)}`]),
    ...(alert.acknowledgedAt === null ? [] : [`acknowledged ${time(alert.acknowledgedAt)}`]),
  ];
  return `${alert.severity.toUpperCase()}  ${alert.rule}  ${states.join(', ')}  ${alert.id}\n  ${alert.message}`;
}
