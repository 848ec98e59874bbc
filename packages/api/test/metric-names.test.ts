import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parseExposition } from './exposition.js';
import { addBackup, addRecoveryTest, addVerification } from './history-rows.js';
import { startTestApi, type TestApi } from './test-api.js';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** Metrics that a text names; a histogram's series count as the histogram. */
function namesIn(text: string): string[] {
  const names = [...text.matchAll(/\b(?:safekeep|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name);
  return [...new Set(names.map((name) => name.replace(/_seconds_(bucket|sum|count)$/, '_seconds')))];
}

describe('the metrics that rules, dashboard and documents name', () => {
  let api: TestApi;
  let told: Map<string, string>;
  before(async () => {
    api = await startTestApi();
    const id = await addBackup(api.pool);
    await addVerification(api.pool, id, 'passed');
    await addRecoveryTest(api.pool, id, 'passed', 60);
    told = parseExposition((await api.http.get('/backup/monitoring/metrics')).text).types;
  });
  after(() => api.close());

  it('exist: in the alert rules', () => {
    const rules = [...read('docker/prometheus/rules/safekeep.yml').matchAll(/expr: (.*)/g)].join('\n');
    const names = namesIn(rules);
    expect(names.length).to.be.greaterThan(10);
    expect(names.filter((name) => !told.has(name))).to.deep.equal([]);
  });

  it('exist: in the tests of the alert rules', () => {
    const names = namesIn(read('docker/prometheus/rules/safekeep.test.yml'));
    expect(names.filter((name) => !told.has(name))).to.deep.equal([]);
  });

  it('exist: in the dashboard, which shows all of Safekeep’s own but what others show better', () => {
    const dashboard = JSON.parse(read('docker/grafana/dashboards/safekeep.json'));
    const queries = dashboard.panels.flatMap((panel: { targets?: { expr: string }[] }) =>
      (panel.targets ?? []).map(({ expr }) => expr),
    );
    const names = namesIn(queries.join('\n'));
    expect(names.filter((name) => !told.has(name))).to.deep.equal([]);
    const hidden = [...told.keys()].filter((name) => name.startsWith('safekeep_') && !names.includes(name));
    // Whatever these say, the same ones that passed say better.
    expect(hidden).to.have.members([
      'safekeep_last_verification_timestamp_seconds',
      'safekeep_last_verification_ok',
      'safekeep_last_recovery_test_timestamp_seconds',
    ]);
  });

  it('are all of them: in the operations manual', () => {
    const own = [...told.keys()].filter((name) => name.startsWith('safekeep_'));
    const chapter = read('docs/OPERATIONS.md').split('### Prometheus')[1]?.split('\n## ')[0] ?? '';
    const described = namesIn(chapter).filter((name) => name.startsWith('safekeep_'));
    expect(described).to.have.members(own);
  });

  it('have only labels that the metrics have', () => {
    const known = ['source', 'type', 'status', 'queue', 'state', 'schedule', 'severity', 'le', 'version'];
    const ofPrometheus = ['job', 'instance'];
    const texts = [
      read('docker/prometheus/rules/safekeep.yml'),
      read('docker/grafana/dashboards/safekeep.json'),
    ].join('\n');
    const grouped = [...texts.matchAll(/\bby \(([a-z, ]*)\)/g)].flatMap(([, list = '']) => list.split(', '));
    const matched = [...texts.matchAll(/[{,] ?([a-z_]+)(?:=|!=|=~)\\?"/g)].map(([, name = '']) => name);
    const unknown = [...grouped, ...matched].filter((name) => ![...known, ...ofPrometheus].includes(name));
    expect(unknown).to.deep.equal([]);
  });
});
