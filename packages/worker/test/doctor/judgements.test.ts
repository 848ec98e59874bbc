import { loadConfig } from '@safekeep/shared/config/load';
import type { SourceProof } from '@safekeep/shared/policy/health';
import { expect } from 'chai';
import { judgeSpace } from '../../src/doctor/check-directory.js';
import { judgeKeys, judgeSchedules, judgeSchema } from '../../src/doctor/check-history.js';
import { judgeRights } from '../../src/doctor/check-source.js';
import { compareClocks } from '../../src/doctor/clock.js';
import { type Diagnosis, exitCodeOf, ok, problem, warning } from '../../src/doctor/diagnosis.js';
import { judgeChannels } from '../../src/doctor/judge-channels.js';
import { judgeSource } from '../../src/doctor/judge-source.js';
import { judgeRedis } from '../../src/doctor/redis-settings.js';

const ENVIRONMENT = {
  HISTORY_DATABASE_URL: 'postgres://history@127.0.0.1/history',
  REDIS_URL: 'redis://127.0.0.1',
};

function states(found: readonly Diagnosis[]): string[] {
  return found.map((diagnosis) => diagnosis.state);
}

describe('The doctor', () => {
  const ours = { asked: 1_000_000, answered: 1_002_000 };
  const clocks: [string, number, Diagnosis['state']][] = [
    ['that answers within the question’s time is right', 1_001_000, 'ok'],
    ['that is 5 s ahead is tolerated', 1_007_000, 'ok'],
    ['that is 6 s ahead is a warning', 1_008_000, 'warning'],
    ['that is 30 s behind is a warning', 970_000, 'warning'],
    ['that is a minute behind is a problem', 940_000, 'problem'],
    ['that is a day ahead is a problem', 1_000_000 + 86_400_000, 'problem'],
  ];
  for (const [promise, theirs, state] of clocks) {
    it(`a clock ${promise}`, () => expect(compareClocks('x', theirs, ours).state).to.equal(state));
  }

  const good = {
    version: '7.0.15',
    evictionPolicy: 'noeviction',
    appendOnly: true,
    usedBytes: 1,
    maximumBytes: 0,
  };
  const redises: [string, Partial<typeof good> | Record<string, unknown>, string[]][] = [
    ['as it should be', {}, ['ok', 'ok', 'ok', 'ok']],
    ['that is too old', { version: '6.0.16' }, ['problem', 'ok', 'ok', 'ok']],
    ['6.2', { version: '6.2.0' }, ['ok', 'ok', 'ok', 'ok']],
    ['that evicts', { evictionPolicy: 'allkeys-lru' }, ['ok', 'problem', 'ok', 'ok']],
    [
      'that keeps its settings to itself',
      { evictionPolicy: null, appendOnly: null },
      ['ok', 'warning', 'warning', 'ok'],
    ],
    ['without persistence', { appendOnly: false }, ['ok', 'ok', 'warning', 'ok']],
    ['that is nearly full', { usedBytes: 80, maximumBytes: 100 }, ['ok', 'ok', 'ok', 'problem']],
  ];
  for (const [promise, change, expected] of redises) {
    it(`a Redis ${promise}`, () => {
      expect(states(judgeRedis({ ...good, ...change }))).to.deep.equal(expected);
    });
  }

  it('room for less than one backup is a problem, for less than three a warning', () => {
    const judged = [null, 99, 100, 299, 300].map(
      (free) => judgeSpace('x', free ?? 1, free === null ? null : 100).state,
    );
    expect(judged).to.deep.equal(['ok', 'problem', 'warning', 'warning', 'ok']);
  });

  it('tables that are behind, or ahead, are problems of configuration', () => {
    expect(judgeSchema(['1', '2'], ['1', '2'])).to.include({ state: 'ok' });
    expect(judgeSchema(['1'], ['1', '2'])).to.include({ state: 'problem', exitCode: 3 });
    expect(judgeSchema(['1', '2', '3'], ['1', '2'])).to.include({ state: 'problem', exitCode: 3 });
  });

  it('names every key that stored backups need beside the worker’s own', () => {
    expect(states(judgeKeys('a', []))).to.deep.equal(['ok']);
    expect(states(judgeKeys('a', [{ keyId: 'a', backups: 3 }]))).to.deep.equal(['ok']);
    const others = judgeKeys('a', [
      { keyId: 'a', backups: 3 },
      { keyId: 'b', backups: 7 },
    ]);
    expect(others).to.have.length(1);
    expect(others[0]).to.include({ state: 'warning', message: '7 stored backup(s) need another key, id b' });
  });

  it('names schedules that are off, and no schedules at all are a problem', () => {
    const on = {
      source: 'main',
      name: 'full',
      envCron: '0 2 * * *',
      cron: null,
      overridden: false,
      paused: false,
    } as const;
    const all = { ...on, source: '*', name: 'cleanup' } as const;
    expect(judgeSchedules([on, all]).state).to.equal('ok');
    const idle = [
      { ...on, paused: true },
      { ...all, envCron: null },
      { ...on, name: 'test', overridden: true } as const,
    ];
    expect(judgeSchedules([...idle, on]).message).to.equal(
      'off or paused: full of main, cleanup, test of main',
    );
    expect(judgeSchedules([]).state).to.equal('problem');
  });

  it('tells which right the role of a source lacks', () => {
    const all = { unreadable: 0, rowSecurity: 0, largeObjects: 5, seesAllLargeObjects: true };
    expect(states(judgeRights('x', all))).to.deep.equal(['ok']);
    expect(states(judgeRights('x', { ...all, seesAllLargeObjects: false }))).to.deep.equal(['warning']);
    const nothing = judgeRights('x', { ...all, unreadable: 2, rowSecurity: 1 });
    expect(states(nothing)).to.deep.equal(['problem', 'problem']);
    expect(nothing.map(({ hint }) => hint).join()).to.match(/pg_read_all_data.*BYPASSRLS/s);
  });

  describe('of a source’s backups', () => {
    const now = new Date('2026-03-10T12:00:00Z');
    const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
    const proof = {
      source: 'main',
      firstSuccessAt: ago(24 * 60),
      lastSuccessAt: ago(10),
      newestDataAt: ago(10),
      lastBackupOk: true,
      lastVerificationAt: ago(8),
      lastVerificationOk: true,
      lastVerificationPassedAt: ago(8),
      unsoundBackups: 0,
      lastRecoveryTestAt: ago(24 * 7),
      lastRecoveryTestOk: true,
      lastRecoveryTestPassedAt: ago(24 * 7),
      lastRtoSeconds: 60,
    };
    const rows: [string, Partial<SourceProof>, Diagnosis['state']][] = [
      ['that are new and proven says ok', {}, 'ok'],
      ['of which there is none says so', { newestDataAt: null, lastSuccessAt: null }, 'problem'],
      ['of which the newest is too old says so', { newestDataAt: ago(27) }, 'problem'],
      ['of which the newest failed warns', { lastBackupOk: false }, 'warning'],
      ['of which the newest verification found damage says so', { lastVerificationOk: false }, 'problem'],
      ['that were verified three days ago warns', { lastVerificationPassedAt: ago(72) }, 'warning'],
      ['of which the newest recovery test failed says so', { lastRecoveryTestOk: false }, 'problem'],
      ['that were restored nine days ago warns', { lastRecoveryTestPassedAt: ago(24 * 9) }, 'warning'],
      ['that restore too slowly warns', { lastRtoSeconds: 5 * 3600 }, 'warning'],
    ];
    for (const [promise, change, expected] of rows) {
      it(promise, () => {
        const found = judgeSource({ ...proof, ...change }, { rto: 4 * 3600, rpo: 26 * 3600 }, now);
        expect(states(found)).to.deep.equal([expected]);
        expect(found[0]?.hint === null).to.equal(expected === 'ok');
      });
    }
  });

  it('warns when nobody is told of alerts, and when nobody notices that all of Safekeep is dead', () => {
    const judge = (more: NodeJS.ProcessEnv) => judgeChannels(loadConfig({ ...ENVIRONMENT, ...more }, 'cli'));
    const mail = { SMTP_URL: 'smtp://mail.example', SMTP_FROM: 'a@example.org', SMTP_TO: 'b@example.org' };
    const heartbeat = { HEARTBEAT_URL: 'https://ping.example/1' };
    expect(judge({}).message).to.equal('nobody is told when something is wrong');
    expect(judge(heartbeat).message).to.equal('nobody is told when something is wrong');
    expect(judge(mail)).to.include({ state: 'warning' });
    expect(judge(mail).hint).to.match(/HEARTBEAT_URL/);
    expect(judge({ ...mail, ...heartbeat }).state).to.equal('ok');
  });

  it('ends with the exit code of what is to be repaired first', () => {
    expect(exitCodeOf([ok('a', ''), warning('b', '', '')])).to.equal(0);
    expect(exitCodeOf([problem('a', '', '', 1), problem('b', '', '', 4)])).to.equal(4);
    expect(exitCodeOf([problem('a', '', '', 4), problem('b', '', '', 3)])).to.equal(3);
  });
});
