import type { MonitoringHealth } from '@safekeep/shared/contracts/monitoring';
import {
  countOpenAlerts,
  type HealthFigures,
  listOpenAlerts,
  type OpenAlert,
  readHealthFigures,
  readSourceProofs,
} from '@safekeep/shared/history/health';
import { assessCompliance, type Compliance } from '@safekeep/shared/policy/health';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** The health of all backups together; alerts tell what they are about to people with a token only. */
export async function readMonitoringHealth(
  services: Services,
  { audit }: Call<unknown>,
): Promise<Answer<MonitoringHealth>> {
  const loggedIn = audit.actor.id !== null;
  const figures = await readHealthFigures(services.pool);
  const { status } = await readCompliance(services);
  const alerts = await listOpenAlerts(services.pool);
  return {
    body: {
      ...summarize(figures),
      complianceStatus: status,
      alerts: alerts.map((alert) => showAlert(alert, loggedIn)),
    },
  };
}

/** What holds now, of all sources that are configured. */
export async function readCompliance({ pool, sourceNames, targets }: Services): Promise<Compliance> {
  const proofs = await readSourceProofs(pool, sourceNames);
  return assessCompliance(proofs, await countOpenAlerts(pool), targets, new Date());
}

function summarize(figures: HealthFigures): Omit<MonitoringHealth, 'complianceStatus' | 'alerts'> {
  const { succeeded, failed } = figures;
  const ended = succeeded + failed;
  return {
    lastBackupTime: wholeSecond(figures.lastStartedAt),
    lastSuccessfulBackup: wholeSecond(figures.lastSuccessAt),
    backupSuccessRate: ended === 0 ? 0 : Math.round((1_000 * succeeded) / ended) / 10,
    averageBackupDuration: Math.round(10 * (figures.averageSeconds ?? 0)) / 10,
    totalBackupSize: figures.keptBytes,
  };
}

function showAlert(alert: OpenAlert, loggedIn: boolean): MonitoringHealth['alerts'][number] {
  const { severity, rule, source, message } = alert;
  const shown = { severity, rule, raisedAt: wholeSecond(alert.raisedAt) };
  return loggedIn ? { ...shown, source, message } : shown;
}

function wholeSecond(time: Date): string;
function wholeSecond(time: Date | null): string | null;
function wholeSecond(time: Date | null): string | null {
  return time === null ? null : time.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
