import { randomUUID } from 'node:crypto';
import type { Alert } from '../contracts/alert.js';
import { readAlertFacts } from '../history/alert-facts.js';
import {
  insertAlert,
  listOpenAlerts,
  listRecentlyResolved,
  resolveAlert,
  updateAlert,
} from '../history/alerts.js';
import { type Database, inTransaction } from '../history/database.js';
import {
  findUnsentNotifications,
  forgetOldHeartbeats,
  insertNotification,
} from '../history/notifications.js';
import { readLastHeartbeat, readRecentSuccesses, readTold } from '../history/told.js';
import type { NotifyDeps } from '../notify/attempt-notification.js';
import { configuredChannels } from '../notify/channels.js';
import type { AlertFacts } from '../policy/alert-facts.js';
import { wantedAlerts } from '../policy/alert-rules/rules.js';
import { livingWorkers } from '../policy/alert-rules/worker-presence.js';
import { type AlertChanges, compareAlerts } from '../policy/compare-alerts.js';
import { planNotifications } from '../policy/plan-notifications.js';

export interface Evaluation {
  readonly changes: AlertChanges;
  /** Notifications that should be on the queue now. */
  readonly unsent: readonly string[];
}

/**
 * Looks once at everything and brings alerts and notifications into agreement with it, in one transaction. Of all
 * processes that do so at once, one does it; the others get `null`.
 */
export async function evaluateAlerts(
  deps: Pick<NotifyDeps, 'pool' | 'channels'> & { readonly notifyOnSuccess: boolean },
  watchedSeconds: number,
): Promise<Evaluation | null> {
  return inTransaction(deps.pool, async (db) => {
    // Any fixed number; released with the transaction.
    const { rows } = await db.query<{ mine: boolean }>('SELECT pg_try_advisory_xact_lock(7305007) AS mine');
    if (rows[0]?.mine !== true) return null;
    // A process that freezes here would hold the lock, and nobody else would tell anything.
    await db.query(`SET LOCAL idle_in_transaction_session_timeout = '10s'`);
    const open = await listOpenAlerts(db);
    const facts = await readAlertFacts(db, { watchedSeconds, open });
    const changes = compareAlerts(open, wantedAlerts(facts));
    await write(db, changes);
    const inserted = await notify(db, deps, facts);
    await forgetOldHeartbeats(db);
    return { changes, unsent: [...inserted, ...(await findUnsentNotifications(db))] };
  });
}

async function write(db: Database, { raise, update, resolve }: AlertChanges): Promise<void> {
  for (const wanted of raise) await insertAlert(db, randomUUID(), wanted);
  for (const { id, wanted } of update) await updateAlert(db, id, wanted);
  for (const alert of resolve) await resolveAlert(db, alert.id);
}

async function notify(
  db: Database,
  deps: Parameters<typeof evaluateAlerts>[0],
  facts: AlertFacts,
): Promise<string[]> {
  const [open, resolved] = [await listOpenAlerts(db), await listRecentlyResolved(db)];
  const completed = deps.notifyOnSuccess ? await readRecentSuccesses(db) : [];
  const planned = planNotifications({
    now: facts.now,
    channels: configuredChannels(deps.channels),
    open,
    resolved,
    told: await readTold(db, idsOf([...open, ...resolved]), idsOf(completed)),
    completed,
    lastHeartbeatAt: await readLastHeartbeat(db),
    workerLives: livingWorkers(facts).length > 0,
  });
  const ids: string[] = [];
  for (const one of planned) {
    const { id } = await insertNotification(db, { id: randomUUID(), ...one });
    ids.push(id);
  }
  return ids;
}

function idsOf(rows: readonly Pick<Alert, 'id'>[]): string[] {
  return rows.map(({ id }) => id);
}
