import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Secret } from '@safekeep/shared/config/secret';
import { createHistoryPool } from '@safekeep/shared/history/database';
import { migrateHistory } from '@safekeep/shared/history/migrate';
import { expect } from 'chai';
import {
  type MailReceiver,
  receiveMail,
  receiveWeb,
  type WebReceiver,
} from '../../shared/test/notify/receivers.js';
import { environmentFor, runApi } from './running-api.js';
import { emptyDatabase } from './servers.js';

describe('the API process with no worker alive', () => {
  let web: WebReceiver;
  let mail: MailReceiver;
  let history: Secret;
  before(async () => {
    [web, mail, history] = await Promise.all([receiveWeb(), receiveMail(), emptyDatabase()]);
    await migrateHistory({ HISTORY_DATABASE_URL: history, HISTORY_MIGRATIONS_URL: undefined });
    const pool = createHistoryPool(history, 1, () => {});
    await pool.query(
      `INSERT INTO backups (id, source, type, requested_type, status, requested_via, ended_at, error_code, error_hint)
       VALUES (gen_random_uuid(), 'main', 'full', 'full', 'failed', 'schedule', now(), 'DISK_FULL', 'Make room.')`,
    );
    // Another API had seen for a minute that no worker is there, and ended before it could tell.
    await pool.query(
      `INSERT INTO alerts (id, rule, severity, message) VALUES (gen_random_uuid(), 'worker-absent', 'critical', 'm')`,
    );
    await pool.end();
  });
  after(() => Promise.all([web.close(), mail.close()]));

  it('tells by mail and webhook that backups fail and that no worker is there', async () => {
    const api = runApi({
      ...(await environmentFor(history)),
      SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
      SMTP_FROM: 'safe@clinic.example',
      SMTP_TO: 'it@clinic.example',
      WEBHOOK_URL: web.url,
      WEBHOOK_SECRET: randomBytes(48).toString('base64'),
      NOTIFY_ALLOWED_HOSTS: '127.0.0.1',
    });
    await api.url();
    while (web.received.length < 2 || mail.received.length < 2) await delay(50);
    const rules = web.received.map(({ body }) => JSON.parse(body).alert.rule);
    expect(rules).to.have.members(['backup-failed', 'worker-absent']);
    const subjects = mail.received.map(({ text }) => /^Subject: (.*)$/m.exec(text)?.[1]?.trim());
    expect(subjects).to.have.members([
      '[Safekeep] CRITICAL: backup-failed (main)',
      '[Safekeep] CRITICAL: worker-absent',
    ]);
    api.child.kill('SIGTERM');
    expect(await api.ended()).to.equal(0);
  });
});
