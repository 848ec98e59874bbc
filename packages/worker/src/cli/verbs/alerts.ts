import { type Alert, alertsQuery } from '@safekeep/shared/contracts/alert';
import { time } from '@safekeep/shared/format';
import { listAlerts } from '@safekeep/shared/history/alerts';
import { requireSource } from '@safekeep/shared/policy/require-source';
import { print } from '../print.js';
import { readOptions } from '../read-options.js';
import type { CliSession } from '../session.js';

/** `backup.sh alerts`: what is wrong, newest first. */
export async function alertsVerb(session: CliSession): Promise<number> {
  const { limit, severity, state, source } = session.options;
  const query = readOptions(alertsQuery, { limit, severity, state, source });
  const alerts = await listAlerts(session.pool, query);
  // A source that was taken out of the configuration may still have alerts.
  if (source !== undefined && alerts.length === 0) requireSource(source, session.config.sourceNames);
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
