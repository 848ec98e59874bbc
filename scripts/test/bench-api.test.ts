import { expect } from 'chai';
import type { HostileFigures } from '../bench-api/hostile.js';
import { KINDS } from '../bench-api/hostile.js';
import type { LoadFigures } from '../bench-api/load.js';
import { readOptions } from '../bench-api/options.js';
import { type ApiReport, shortcomings, toMarkdown } from '../bench-api/report.js';

describe('options of the benchmark of the API', () => {
  it('measure a history of 100 000 rows for ten seconds each when nothing is said', () => {
    const { help, ...options } = readOptions([]);
    expect(help).to.equal(false);
    expect(options).to.deep.equal({
      json: false,
      check: false,
      seconds: 10,
      connections: 10,
      rows: 100_000,
      hostile: 2_000,
      folder: null,
    });
  });

  it('say otherwise', () => {
    const words = '--seconds 1 --connections 1000 --rows 2000000 --hostile 10 --json --check --folder /tmp/x';
    expect(readOptions(words.split(' '))).to.deep.include({
      json: true,
      check: true,
      seconds: 1,
      connections: 1_000,
      rows: 2_000_000,
      hostile: 10,
      folder: '/tmp/x',
    });
  });

  const wrong: [string, RegExp][] = [
    ['--seconds 0', /no number from 1 to 600/],
    ['--seconds 601', /no number from 1 to 600/],
    ['--seconds 1.5', /no number/],
    ['--seconds ten', /no number/],
    ['--connections 0', /no number from 1 to 1000/],
    ['--connections -1', /connections/],
    ['--connections 1001', /no number/],
    ['--rows 999', /no number from 1000 to 2000000/],
    ['--rows 1e5', /no number/],
    ['--rows 99999999999', /no number/],
    ['--hostile 9', /no number from 10 to 10000/],
    ['--rows', /rows/],
    ['--fast', /fast/],
    ['history', /history/],
  ];
  for (const [words, message] of wrong) {
    it(`refuse "${words}"`, () => expect(() => readOptions(words.split(' '))).to.throw(message));
  }
});

describe('the report of the benchmark of the API', () => {
  const memory = { before: 90e6, peak: 120e6, after: 100e6 };
  const load: LoadFigures = {
    what: 'GET /health/live',
    requests: 12_345,
    perSecond: 1_234.5,
    p50: 3,
    p97_5: 5,
    p99: 8,
    max: 21,
    refused: 0,
    failed: 0,
    memory,
  };
  const [kind] = KINDS;
  const attacked: HostileFigures = {
    what: kind?.what ?? '',
    connections: 1_000,
    endings: { '408': 1_000 },
    seconds: 10.6,
    probe: { asked: 150, failed: 0, p50: 4, p99: 30, max: 45 },
    memory,
  };
  const report: ApiReport = {
    machine: {
      cpu: 'A processor',
      cores: 2,
      memoryBytes: 25e9,
      kernel: '6.1',
      postgres: '15.18',
      node: 'v20',
      openssl: 'OpenSSL 3',
      pgBackRest: null,
    },
    options: { seconds: 10, connections: 10, rows: 100_000, hostile: 2_000 },
    load: [0.1, 2.5],
    seconds: 200,
    loads: [load],
    throttling: { accepted: 120, throttled: 120, toldWhen: 120, others: 0 },
    hostile: [attacked],
    memory: { fresh: 90e6, rested: 95e6 },
  };

  it('objects to nothing that went well, and has a line for each measurement', () => {
    expect(shortcomings(report)).to.deep.equal([]);
    expect(toMarkdown(report))
      .to.include('| GET /health/live | 12 345 | 1 235 | 3.0 ms |')
      .and.include('1 000 × 408')
      .and.include('95.0 MB five seconds after it');
  });

  const bad: [string, Partial<ApiReport>, RegExp][] = [
    ['requests that failed', { loads: [{ ...load, failed: 2 }] }, /2 failed and 0 were refused/],
    ['requests that were refused', { loads: [{ ...load, refused: 1 }] }, /0 failed and 1 were refused/],
    [
      'a throttle that does not say when',
      { throttling: { accepted: 120, throttled: 120, toldWhen: 119, others: 0 } },
      /when to come back/,
    ],
    [
      'a throttle that lets all pass',
      { throttling: { accepted: 240, throttled: 0, toldWhen: 0, others: 0 } },
      /when to come back/,
    ],
    [
      'others who got no answer',
      { hostile: [{ ...attacked, probe: { ...attacked.probe, failed: 1 } }] },
      /1 of 150 requests of others failed/,
    ],
    [
      'slow clients that were not cut off',
      { hostile: [{ ...attacked, endings: { 'cut by the client': 3 } }] },
      /3 ended with cut by the client/,
    ],
    ['memory without bound', { loads: [{ ...load, memory: { ...memory, peak: 9e8 } }] }, /held 900 MB/],
  ];
  for (const [what, more, message] of bad) {
    it(`objects to ${what}`, () => {
      const [objection = '', ...others] = shortcomings({ ...report, ...more });
      expect(objection).to.match(message);
      expect(others).to.deep.equal([]);
    });
  }
});
