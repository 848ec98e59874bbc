import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { addBackup } from '../../packages/api/test/history-rows.js';
import { startTestApi, type TestApi } from '../../packages/api/test/test-api.js';
import { findMonitoringPrograms, type MonitoringPrograms } from '../monitoring/programs.js';
import { freePort } from '../services/free-port.js';
import { scratchFolder } from '../services/scratch-folder.js';
import { ServerProcess } from '../services/server-process.js';

const DOCKER = fileURLToPath(new URL('../../docker', import.meta.url));
const POLL_MS = 100;
const TOKEN = 'a-token-for-prometheus';

let programs: MonitoringPrograms | undefined;
let reason: unknown;

/** Fetched once for this file; a machine without network says loudly what it did not check. */
function find(context: Mocha.Context): MonitoringPrograms {
  try {
    if (reason === undefined) programs ??= findMonitoringPrograms();
  } catch (error) {
    reason = error;
    process.stdout.write(`\n  !! NOT CHECKED: the files for Prometheus and Alertmanager. ${error}\n\n`);
  }
  if (programs === undefined) context.skip();
  return programs;
}

describe('the files for Prometheus and Alertmanager', function () {
  this.timeout(200_000);

  const run = (program: string, args: string[], folder: string) => {
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: join(DOCKER, folder),
      encoding: 'utf8',
    });
    return { status, output: `${stdout}${stderr}` };
  };

  it('are accepted by promtool', function () {
    const { promtool } = find(this);
    const { status, output } = run(promtool, ['check', 'config', 'prometheus.yml'], 'prometheus');
    expect(output).to.match(/16 rules found/);
    expect(status, output).to.equal(0);
  });

  it('hold rules that alert when they should, and only then', function () {
    const { promtool } = find(this);
    const { status, output } = run(promtool, ['test', 'rules', 'safekeep.test.yml'], 'prometheus/rules');
    expect(status, output).to.equal(0);
  });

  it('have a test for every rule', () => {
    const names = (file: string, pattern: RegExp) =>
      new Set(
        [...readFileSync(join(DOCKER, 'prometheus/rules', file), 'utf8').matchAll(pattern)].map(
          ([, name]) => name,
        ),
      );
    const rules = names('safekeep.yml', /- alert: (\w+)/g);
    const tested = names('safekeep.test.yml', /alertname(?:: |=")(\w+)/g);
    expect([...tested]).to.have.members([...rules]);
  });

  it('are accepted by amtool', function () {
    const { amtool } = find(this);
    const { status, output } = run(amtool, ['check-config', 'alertmanager.yml'], 'alertmanager');
    expect(status, output).to.equal(0);
  });

  it('let Alertmanager tell nobody until somebody chooses the webhook', async function () {
    const { amtool } = find(this);
    const chosen = join(await scratchFolder('safekeep-test'), 'alertmanager.yml');
    const text = readFileSync(join(DOCKER, 'alertmanager/alertmanager.yml'), 'utf8');
    writeFileSync(chosen, text.replace('receiver: nobody', 'receiver: webhook'));
    for (const [file, receiver] of [
      ['alertmanager.yml', 'nobody'],
      [chosen, 'webhook'],
    ] as const) {
      const route = ['config', 'routes', 'test', `--config.file=${file}`, 'severity=critical'];
      expect(run(amtool, route, 'alertmanager').output).to.match(new RegExp(`^${receiver}\n`));
    }
  });
});

interface Alert {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

describe('a Prometheus with these files', function () {
  this.timeout(200_000);
  let api: TestApi;
  let folder: string;
  let prometheus: string;
  const ends: (() => Promise<unknown>)[] = [];
  const received: Alert[] = [];

  before(async function () {
    const found = find(this);
    api = await startTestApi({ metricsToken: TOKEN });
    ends.push(api.close);
    folder = await scratchFolder('safekeep-test');
    cpSync(DOCKER, folder, { recursive: true });
    prometheus = await startPrometheus(found.prometheus, await listen());
  });
  after(async () => {
    for (const end of ends.reverse()) await end();
  });

  /** As delivered, but for addresses, the choice that the file asks for, and the time it waits. */
  function adapt(path: string, changes: Record<string, string>): void {
    let text = readFileSync(join(folder, path), 'utf8');
    for (const [given, wanted] of Object.entries(changes)) {
      expect(text, `${path}: ${given}`).to.include(given);
      text = text.replaceAll(given, wanted);
    }
    writeFileSync(join(folder, path), text);
  }

  async function startPrometheus(program: string, alertmanager: string): Promise<string> {
    writeFileSync(join(folder, 'token'), TOKEN);
    adapt('prometheus/prometheus.yml', {
      'alertmanager:9093': alertmanager,
      'app:3000': `127.0.0.1:${api.port}`,
      ': 60s': ': 1s',
      '    # authorization:': '    authorization:',
      '    #   credentials_file: /run/secrets/metrics_token': `      credentials_file: ${join(folder, 'token')}`,
    });
    const port = await freePort();
    await start(program, 'prometheus', port, [
      '--config.file=prometheus.yml',
      `--storage.tsdb.path=${join(folder, 'prometheus-data')}`,
    ]);
    return `http://127.0.0.1:${port}`;
  }

  async function start(program: string, name: string, port: number, args: string[]): Promise<void> {
    mkdirSync(join(folder, `${name}-data`));
    const server = await ServerProcess.start(
      {
        program,
        arguments: [...args, `--web.listen-address=127.0.0.1:${port}`],
        logFile: join(folder, `${name}.log`),
        cwd: join(folder, name),
        endSignal: 'SIGKILL',
      },
      () =>
        fetch(`http://127.0.0.1:${port}/-/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
    );
    ends.push(() => server.end('SIGKILL'));
  }

  /** Takes alerts as Alertmanager does; Debian's runs only where it is installed. */
  async function listen(): Promise<string> {
    const server = createServer(async (request, response) => {
      expect(request.url).to.equal('/api/v2/alerts');
      received.push(...((await json(request)) as Alert[]));
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(async () => server.close());
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function waitFor<T>(look: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      await delay(POLL_MS);
    }
  }

  interface Series {
    readonly metric: Record<string, string>;
    readonly value: [time: number, text: string];
  }
  async function query(expression: string): Promise<Series[]> {
    const response = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`);
    return ((await response.json()) as { data: { result: Series[] } }).data.result;
  }

  it('scrapes the API with its token, and the series are there', async () => {
    const series = await waitFor(async () => (await query('safekeep_rpo_target_seconds'))[0]);
    expect(series.value[1]).to.equal('93600');
    expect(series.metric).to.include({ job: 'backup-monitoring', instance: `127.0.0.1:${api.port}` });
    expect((await query('up{job="backup-monitoring"} == 1')).length).to.equal(1);
  });

  it('tells its Alertmanager of a failed backup, until the next one succeeds', async () => {
    await addBackup(api.pool, { status: 'failed', started: 20, ended: 10, bytes: null });
    const told = await waitFor(async () =>
      received.find(({ labels }) => labels.alertname === 'SafekeepBackupFailed'),
    );
    expect(told.labels).to.include({ source: 'main', severity: 'warning' });
    expect(told.annotations.summary).to.equal('The newest backup of main failed');
    await addBackup(api.pool, { started: 5, ended: 1 });
    await waitFor(async () =>
      (await query('ALERTS{alertname="SafekeepBackupFailed"}')).length === 0 ? true : undefined,
    );
  });

  it('understands every query of the dashboard, and has an answer to those that need no passed test', async () => {
    const { panels } = JSON.parse(readFileSync(join(DOCKER, 'grafana/dashboards/safekeep.json'), 'utf8'));
    const expressions: string[] = panels.flatMap((panel: { targets?: { expr: string }[] }) =>
      (panel.targets ?? []).map(({ expr }) => expr),
    );
    expect(expressions.length).to.be.greaterThan(20);
    const unanswered: string[] = [];
    for (const expression of expressions) {
      const found = await query(expression);
      expect(found, expression).to.be.an('array');
      if (found.length === 0) unanswered.push(expression);
    }
    // Nothing was scheduled, sampled, verified or tested here.
    for (const expression of unanswered) {
      expect(expression).to.match(/schedule|storage|verification|recovery|rto_seconds|queue_jobs|increase/);
    }
  });

  it('sees at once that no worker is connected, and pages after five minutes', async () => {
    const pending = await waitFor(async () => (await query('ALERTS{alertname="SafekeepNoWorker"}'))[0]);
    expect(pending.metric).to.include({ alertstate: 'pending', severity: 'critical', page: 'yes' });
  });
});
