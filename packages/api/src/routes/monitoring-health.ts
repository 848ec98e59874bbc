import type { Alert } from '@safekeep/shared/contracts/alert';
import type { MonitoringHealth } from '@safekeep/shared/contracts/monitoring';
import type { HealthFigures } from '@safekeep/shared/history/health';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/**
 * The health of all backups together; alerts tell what they are about to people with a token only. Everybody may ask,
 * without a token and as often as they like, so all who ask at one time share one reading.
 */
export async function readMonitoringHealth(
  { health }: Services,
  { audit }: Call<unknown>,
): Promise<Answer<MonitoringHealth>> {
  const loggedIn = audit.actor.id !== null;
  const { figures, compliance, alerts } = await health.result();
  return {
    body: {
      ...summarize(figures),
      complianceStatus: compliance.status,
      alerts: alerts.map((alert) => showAlert(alert, loggedIn)),
    },
  };
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

function showAlert(alert: Alert, loggedIn: boolean): MonitoringHealth['alerts'][number] {
  const { severity, rule, source, message } = alert;
  const shown = { severity, rule, raisedAt: wholeSecond(alert.raisedAt) };
  return loggedIn ? { ...shown, source, message } : shown;
}

function wholeSecond(time: Date): string;
function wholeSecond(time: Date | null): string | null;
function wholeSecond(time: Date | null): string | null {
  return time === null ? null : time.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
