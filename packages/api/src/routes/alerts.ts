import type { Alert, AlertsQuery } from '@safekeep/shared/contracts/alert';
import { listAlerts } from '@safekeep/shared/history/alerts';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** Alerts, newest first; those that are open unless asked otherwise. */
export async function readAlerts(
  { pool }: Services,
  { input, audit }: Call<{ query: AlertsQuery }>,
): Promise<Answer<Alert[]>> {
  const { limit, state, severity = null, source = null } = input.query;
  audit.detail = { limit, state, severity, source };
  return { body: await listAlerts(pool, input.query) };
}
