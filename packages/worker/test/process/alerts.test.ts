import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { keyId } from '@safekeep/archive/key';
import { evaluateAlerts } from '@safekeep/shared/alerts/evaluate';
import { Secret } from '@safekeep/shared/config/secret';
import { createHistoryPool } from '@safekeep/shared/history/database';
import { expect } from 'chai';
import { receiveWeb, type WebReceiver } from '../../../shared/test/notify/receivers.js';
import { openWorld, type WorkerProcess, type World } from './world.js';

describe('alerts of running processes', function () {
  this.timeout(120_000);
  let world: World;
  let web: WebReceiver;
  let worker: WorkerProcess;
  let settings: Record<string, string>;
  before(async () => {
    [world, web] = await Promise.all([openWorld('alerts'), receiveWeb()]);
    settings = {
      WEBHOOK_URL: `${web.url}/SECRETpath`,
      WEBHOOK_SECRET: randomBytes(48).toString('base64'),
      NOTIFY_ALLOWED_HOSTS: '127.0.0.1',
    };
    worker = await world.startWorker(settings);
  });
  after(async () => {
    await world.close();
    await web.close();
  });

  it('a worker shows that it lives and which key it has', async () => {
    let rows: { key_id: string; sources: string[]; fresh: boolean }[] = [];
    while (rows.length === 0) {
      rows = await world.sql(
        'history',
        `SELECT key_id, sources, seen_at > now() - interval '20 seconds' AS fresh FROM workers WHERE stopped_at IS NULL`,
      );
    }
    expect(rows).to.deep.equal([{ key_id: keyId(world.key), sources: ['main'], fresh: true }]);
  });

  it('backup.sh alert-test tells what became of each channel, and exits with 1 when one failed', async () => {
    const good = await world.cli(['alert-test'], settings);
    expect(good.code, good.stderr).to.equal(0);
    expect(good.stdout).to.match(/^channel +status +why\nwebhook +sent/);
    expect(JSON.parse(web.received.at(-1)?.body ?? '')).to.include({ event: 'test' });
    web.answer = { status: 500 };
    const bad = await world.cli(['alert-test', '--json'], settings);
    web.answer = { status: 200 };
    expect(bad.code).to.equal(1);
    expect(JSON.parse(bad.stdout)[0]).to.include({ channel: 'webhook', status: 'failed', attempts: 1 });
    expect(bad.stdout + bad.stderr + worker.log()).to.not.contain('SECRETpath');
  });

  it('backup.sh alert-test says when nobody would be told', async () => {
    const none = await world.cli(['alert-test']);
    expect(none.code).to.equal(3);
    expect(none.stderr).to.match(/No channel for notifications is configured[\s\S]*SMTP_URL/);
  });

  it('a table that shrank by 90 % between two good backups makes an alert that names it', async () => {
    await world.sql('source', 'CREATE TABLE patients AS SELECT g AS id FROM generate_series(1, 1000) g');
    await world.sql('source', 'CREATE TABLE events AS SELECT g AS id FROM generate_series(1, 5000) g');
    expect((await world.cli(['full'])).code).to.equal(0);
    await world.sql('source', 'DELETE FROM patients WHERE id > 100');
    expect((await world.cli(['full'])).code).to.equal(0);
    const pool = createHistoryPool(new Secret(world.postgres.url('history')), 2, () => {});
    const channels = { smtp: null, webhook: null, slack: null, heartbeat: null, allowedHosts: [] };
    // The worker looks by itself, too; whoever holds the lock for a moment is the only one.
    while ((await evaluateAlerts({ pool, channels, notifyOnSuccess: false }, 3600)) === null) await delay(50);
    await pool.end();
    const listed = await world.cli(['alerts', '--json']);
    const found = JSON.parse(listed.stdout).find(({ rule }: { rule: string }) => rule === 'size-anomaly');
    expect(found, listed.stdout).to.include({ severity: 'critical', source: 'main' });
    expect(found.message).to.contain('table public.patients: 100 rows after 1000');
  });

  it('backup.sh alerts lists what is wrong, and ack says that somebody has seen it', async () => {
    const listed = await world.cli(['alerts']);
    expect(listed.code).to.equal(0);
    expect(listed.stdout).to.match(/CRITICAL +size-anomaly +since/);
    const id = /size-anomaly.* ([0-9a-f-]{36})$/m.exec(listed.stdout)?.[1] ?? '';
    const acknowledged = await world.cli(['ack', id]);
    expect(acknowledged.code, acknowledged.stderr).to.equal(0);
    expect((await world.cli(['alerts'])).stdout).to.match(/size-anomaly .*acknowledged/);
    expect((await world.cli(['alerts', '--state', 'resolved', '--severity', 'info'])).stdout).to.equal(
      'no alerts\n',
    );
  });

  it('ids and limits that are none are refused', async () => {
    expect((await world.cli(['ack', 'latest'])).code).to.equal(2);
    expect((await world.cli(['ack', randomUUID()])).code).to.equal(2);
    expect((await world.cli(['alerts', '--limit', '-1'])).code).to.equal(2);
    expect((await world.cli(['alerts', '--severity', 'high'])).code).to.equal(2);
  });

  it('a worker that was told to stop says so in history', async () => {
    worker.child.kill('SIGTERM');
    expect(await worker.ended()).to.equal(0);
    const rows = await world.sql('history', 'SELECT FROM workers WHERE stopped_at IS NOT NULL');
    expect(rows).to.have.length(1);
  });
});
