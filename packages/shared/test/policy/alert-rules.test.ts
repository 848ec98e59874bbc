import { expect } from 'chai';
import { type AlertRule, alertRule } from '../../src/contracts/alert.js';
import type {
  AlertFacts,
  BadVerification,
  LastBackup,
  LastRecoveryTest,
  LivingRun,
  ScheduleFacts,
  SizeFacts,
  VolumeFacts,
  WorkerFacts,
} from '../../src/policy/alert-facts.js';
import { ALERT_RULES, wantedAlerts } from '../../src/policy/alert-rules/rules.js';
import { ago, facts, NOW } from './alert-facts.js';

/** What a rule wants, as `severity source/subject`; nothing when all is well. */
type Case = [promise: string, changes: Partial<AlertFacts>, wanted: string[]];

const lastBackup = (changes: Partial<LastBackup> = {}): LastBackup => ({
  source: 'main',
  backupId: 'b1',
  status: 'failed',
  endedAt: ago(3, 'h'),
  errorCode: 'DISK_FULL',
  errorHint: 'Make room.',
  lastSuccessAt: ago(1, 'd'),
  ...changes,
});

/** Due at 11:00 today, one hour ago, unless said otherwise. */
const schedule = (changes: Partial<ScheduleFacts> = {}): ScheduleFacts => ({
  source: 'main',
  name: 'full',
  cron: '0 11 * * *',
  timezone: 'UTC',
  paused: false,
  since: ago(30, 'd'),
  ...changes,
});
const success = (endedAt: Date, type: 'full' | 'incremental' = 'full', source = 'main') => ({
  source,
  type,
  endedAt,
});
const atDue = (hour: string, more: Partial<ScheduleFacts> = {}) => [
  schedule({ cron: `0 ${hour} * * *`, ...more }),
];

const verification = (changes: Partial<BadVerification> = {}): BadVerification => ({
  source: 'main',
  backupId: 'b1',
  fileName: 'full_backup_20260101_020000.pgdump.enc.gz',
  status: 'failed',
  verdict: 'checksum',
  errorCode: null,
  endedAt: ago(2, 'h'),
  ...changes,
});

const lastTest = (changes: Partial<NonNullable<LastRecoveryTest['last']>> = {}) => ({
  backupId: 'b1',
  status: 'failed' as const,
  findings: 2,
  errorCode: null,
  endedAt: ago(1, 'd'),
  ...changes,
});
const tests = (changes: Partial<LastRecoveryTest> = {}): LastRecoveryTest => ({
  source: 'main',
  last: null,
  lastVerdictAt: null,
  firstBackupAt: ago(60, 'd'),
  ...changes,
});
/** Sundays at 3; the clock is Monday noon, so the grace of a day is over for yesterday's. */
const weekly = schedule({ name: 'verify', cron: '0 3 * * 0', since: ago(60, 'd') });

const volume = (changes: Partial<VolumeFacts> = {}): VolumeFacts => ({
  source: 'main',
  at: ago(10, 'min'),
  freeBytes: 500e9,
  totalBytes: 1000e9,
  earlier: { at: ago(10, 'min'), freeBytes: 500e9 },
  lastBackupBytes: 10e9,
  ...changes,
});
/** A volume that had this much more free space ten days ago. */
const shrinking = (freeBytes: number, used: number) =>
  volume({
    freeBytes,
    at: NOW,
    earlier: { at: ago(10, 'd'), freeBytes: freeBytes + used },
    lastBackupBytes: null,
  });

const size = (changes: Partial<SizeFacts> = {}): SizeFacts => ({
  source: 'main',
  backupId: 'b6',
  endedAt: ago(1, 'h'),
  sizeBytes: 1000,
  rowCount: 1000,
  earlier: Array.from({ length: 5 }, () => ({ sizeBytes: 1000, rowCount: 1000 })),
  tables: [],
  ...changes,
});

const worker = (changes: Partial<WorkerFacts> = {}): WorkerFacts => ({
  name: 'host:1',
  keyId: 'k1',
  seenAt: ago(5, 's'),
  stopped: false,
  ...changes,
});

const run = (changes: Partial<LivingRun> = {}): LivingRun => ({
  queue: 'backup',
  subjectId: 'b1',
  source: 'main',
  worker: 'host:1',
  heartbeatAt: ago(1, 's'),
  progressAt: ago(1, 's'),
  ...changes,
});
const waiting = (since: Date, busy = false) => [{ queue: 'verify', jobs: 3, since, busy }];
const key = (keyId: string) => ({ source: 'main', keyId, backups: 2, newestAt: ago(1, 'd') });
const finding = (kind: AlertFacts['findings'][number]['kind'], files = 1, source = 'main') => ({
  source,
  kind,
  files,
  since: ago(1, 'h'),
});

const CASES: Record<AlertRule, Case[]> = {
  'backup-failed': [
    ['a failed backup', { lastBackups: [lastBackup()] }, ['critical main/']],
    ['the first of all failed', { lastBackups: [lastBackup({ lastSuccessAt: null })] }, ['critical main/']],
    ['a cancelled one', { lastBackups: [lastBackup({ status: 'cancelled' })] }, ['warning main/']],
    ['a success after it', { lastBackups: [lastBackup({ status: 'completed' })] }, []],
    ['one of a success that was disposed of later', { lastBackups: [lastBackup({ status: 'missing' })] }, []],
    [
      'each source for itself',
      { lastBackups: [lastBackup(), lastBackup({ source: 'lab' })] },
      ['critical main/', 'critical lab/'],
    ],
  ],
  'backup-overdue': [
    ['within the grace of an hour', { schedules: atDue('12'), successes: [success(ago(20, 'h'))] }, []],
    ['exactly at its end', { schedules: atDue('11'), successes: [success(ago(20, 'h'))] }, []],
    ['after it, with none ever', { schedules: atDue('10') }, ['critical main/full']],
    [
      'one that succeeded since the due time',
      { schedules: atDue('10'), successes: [success(ago(119, 'min'))] },
      [],
    ],
    ['one that succeeded just at it', { schedules: atDue('10'), successes: [success(ago(2, 'h'))] }, []],
    [
      'one that ended before it',
      { schedules: atDue('10'), successes: [success(ago(121, 'min'))] },
      ['critical main/full'],
    ],
    [
      'an incremental one in place of a full one',
      { schedules: atDue('10'), successes: [success(ago(1, 'h'), 'incremental')] },
      ['critical main/full'],
    ],
    [
      'a full one in place of an incremental one',
      { schedules: atDue('10', { name: 'incremental' }), successes: [success(ago(1, 'h'))] },
      [],
    ],
    [
      'an incremental schedule',
      { schedules: atDue('10', { name: 'incremental' }) },
      ['warning main/incremental'],
    ],
    [
      'the success of another source',
      { schedules: atDue('10'), successes: [success(ago(1, 'h'), 'full', 'lab')] },
      ['critical main/full'],
    ],
    ['one that is being taken', { schedules: atDue('10'), runningSources: ['main'] }, []],
    [
      'one that is being taken after it was told: it may fail',
      {
        schedules: atDue('10'),
        runningSources: ['main'],
        open: [{ rule: 'backup-overdue', source: 'main', subject: 'full' }],
      },
      ['critical main/full'],
    ],
    ['a schedule that is off', { schedules: atDue('10', { cron: null }) }, []],
    ['a paused one', { schedules: atDue('10', { paused: true }) }, []],
    ['a due time before the schedule was made', { schedules: atDue('10', { since: ago(1, 'h') }) }, []],
    ['no worker at all', { schedules: atDue('10'), workers: [] }, ['critical main/full']],
    ['a schedule of another kind', { schedules: atDue('10', { name: 'cleanup', source: '*' }) }, []],
    [
      'its time zone: 11 in Berlin is 10 in UTC',
      { schedules: atDue('11', { timezone: 'Europe/Berlin' }), successes: [success(ago(125, 'min'))] },
      ['critical main/full'],
    ],
  ],
  'schedule-late': [
    [
      'a due time that was noticed late',
      { lateRuns: [{ source: 'main', name: 'full', dueAt: ago(9, 'h'), noticedAt: ago(1, 'h') }] },
      ['warning main/full'],
    ],
    [
      'one for all sources',
      { lateRuns: [{ source: '*', name: 'cleanup', dueAt: ago(9, 'h'), noticedAt: ago(1, 'h') }] },
      ['warning -/cleanup'],
    ],
    [
      'one of a day ago',
      { lateRuns: [{ source: 'main', name: 'full', dueAt: ago(30, 'h'), noticedAt: ago(24, 'h') }] },
      [],
    ],
  ],
  'verification-failed': [
    ['a damaged backup', { badVerifications: [verification()] }, ['critical main/b1']],
    [
      'two damaged ones: each is lost on its own',
      { badVerifications: [verification(), verification({ backupId: 'b2' })] },
      ['critical main/b1', 'critical main/b2'],
    ],
    [
      'several that could not be looked at: one cause',
      {
        badVerifications: [
          verification({ status: 'error', errorCode: 'KEY_UNKNOWN' }),
          verification({ status: 'error', backupId: 'b2' }),
        ],
      },
      ['warning main/error'],
    ],
  ],
  'recovery-test-failed': [
    ['a failed one', { recoveryTests: [tests({ last: lastTest() })] }, ['critical main/']],
    [
      'one that could not be carried out',
      { recoveryTests: [tests({ last: lastTest({ status: 'error', errorCode: 'SOURCE_UNREACHABLE' }) })] },
      ['warning main/'],
    ],
    ['one that passed', { recoveryTests: [tests({ last: lastTest({ status: 'passed' }) })] }, []],
    ['none yet', { recoveryTests: [tests()] }, []],
  ],
  'recovery-test-overdue': [
    [
      'none since yesterday’s due time',
      { schedules: [weekly], recoveryTests: [tests({ lastVerdictAt: ago(8, 'd') })] },
      ['warning main/'],
    ],
    [
      'none for two due times',
      { schedules: [weekly], recoveryTests: [tests({ lastVerdictAt: ago(9, 'd') })] },
      ['critical main/'],
    ],
    ['none ever', { schedules: [weekly], recoveryTests: [tests()] }, ['critical main/']],
    ['one since then', { schedules: [weekly], recoveryTests: [tests({ lastVerdictAt: ago(1, 'd') })] }, []],
    [
      'within the grace of a day',
      {
        schedules: [schedule({ name: 'verify', cron: '0 13 * * 0', since: ago(2, 'd') })],
        recoveryTests: [tests()],
      },
      [],
    ],
    [
      'a source whose first backup is younger than the due time',
      { schedules: [weekly], recoveryTests: [tests({ firstBackupAt: ago(1, 'd') })] },
      [],
    ],
    [
      'a source whose first backup came between two due times',
      { schedules: [weekly], recoveryTests: [tests({ firstBackupAt: ago(3, 'd') })] },
      ['warning main/'],
    ],
    ['a source without backups', { schedules: [weekly] }, []],
    ['a schedule that is off', { schedules: [{ ...weekly, cron: null }], recoveryTests: [tests()] }, []],
  ],
  'disk-low': [
    ['half of it free', { volumes: [volume()] }, []],
    ['10 % free', { volumes: [volume({ freeBytes: 100e9 })] }, []],
    ['a byte less', { volumes: [volume({ freeBytes: 100e9 - 1 })] }, ['warning main/']],
    ['5 % free', { volumes: [volume({ freeBytes: 50e9 })] }, ['warning main/']],
    ['a byte less than 5 %', { volumes: [volume({ freeBytes: 50e9 - 1 })] }, ['critical main/']],
    ['room for two backups', { volumes: [volume({ lastBackupBytes: 250e9 })] }, []],
    ['a byte less', { volumes: [volume({ lastBackupBytes: 250e9 + 1 })] }, ['warning main/']],
    ['less than one backup', { volumes: [volume({ lastBackupBytes: 500e9 + 1 })] }, ['critical main/']],
    ['full in 7 days', { volumes: [shrinking(350e9, 500e9)] }, []],
    ['full in less', { volumes: [shrinking(349e9, 500e9)] }, ['warning main/']],
    ['full in less than 2 days', { volumes: [shrinking(119e9, 600e9)] }, ['critical main/']],
    ['space that grows', { volumes: [shrinking(350e9, -100e9)] }, []],
    [
      'a trend over less than a day',
      { volumes: [volume({ at: NOW, earlier: { at: ago(23, 'h'), freeBytes: 900e9 } })] },
      [],
    ],
    ['a volume without a size', { volumes: [volume({ totalBytes: 0, freeBytes: 0 })] }, ['critical main/']],
  ],
  'size-anomaly': [
    ['nothing new', { sizes: [size()] }, []],
    ['half the size', { sizes: [size({ sizeBytes: 500 })] }, []],
    ['a byte less than half', { sizes: [size({ sizeBytes: 499 })] }, ['warning main/']],
    ['shrunk by 90 %', { sizes: [size({ sizeBytes: 100 })] }, ['critical main/']],
    ['less than half of the rows', { sizes: [size({ rowCount: 499 })] }, ['warning main/']],
    ['no rows any more', { sizes: [size({ rowCount: 0 })] }, ['critical main/']],
    [
      'one table among many that shrank by 90 %',
      { sizes: [size({ tables: [{ name: 'public.patients', before: 200, rows: 20 }] })] },
      ['critical main/'],
    ],
    [
      'a table that is gone',
      { sizes: [size({ tables: [{ name: 'public.patients', before: 20, rows: 0 }] })] },
      ['critical main/'],
    ],
    [
      'a table of a few rows',
      { sizes: [size({ tables: [{ name: 'public.settings', before: 19, rows: 0 }] })] },
      [],
    ],
    ['the first backup of all', { sizes: [size({ sizeBytes: 1, rowCount: 0, earlier: [] })] }, []],
    [
      'one odd backup among those before',
      { sizes: [size({ earlier: [{ sizeBytes: 99_999, rowCount: 99_999 }, ...size().earlier.slice(1)] })] },
      [],
    ],
    [
      'an empty database that stays empty',
      { sizes: [size({ rowCount: 0, earlier: [{ sizeBytes: 1000, rowCount: 0 }] })] },
      [],
    ],
  ],
  'key-unknown': [
    ['the key of the worker', { keys: [key('k1')] }, []],
    ['another key', { keys: [key('k1'), key('k0')] }, ['critical main/k0']],
    ['a key of any worker', { keys: [key('k0')], workers: [worker(), worker({ keyId: 'k0' })] }, []],
    [
      'the key of a worker that is gone, while another lives',
      { keys: [key('k0')], workers: [worker(), worker({ keyId: 'k0', seenAt: ago(2, 'min') })] },
      ['critical main/k0'],
    ],
    [
      'no worker alive: the last one has not lost its key',
      { keys: [key('k1')], workers: [worker({ seenAt: ago(2, 'h'), stopped: true })] },
      [],
    ],
    ['no worker ever: nobody knows', { keys: [key('k0')], workers: [] }, []],
  ],
  'job-stalled': [
    ['a run that goes on', { runs: [run()] }, []],
    ['silent for two minutes', { runs: [run({ heartbeatAt: ago(2, 'min') })] }, []],
    ['silent for longer', { runs: [run({ heartbeatAt: ago(121, 's') })] }, ['warning main/b1']],
    ['standing for half an hour', { runs: [run({ progressAt: ago(30, 'min') })] }, []],
    ['standing for longer', { runs: [run({ progressAt: ago(1801, 's') })] }, ['warning main/b1']],
    ['waiting for an hour', { waiting: waiting(ago(1, 'h')) }, []],
    ['waiting for longer', { waiting: waiting(ago(3601, 's')) }, ['warning -/verify']],
    ['waiting while the queue is busy', { waiting: waiting(ago(5, 'h'), true) }, []],
    ['waiting without workers: that is told otherwise', { waiting: waiting(ago(5, 'h')), workers: [] }, []],
  ],
  'worker-absent': [
    ['a worker', {}, []],
    ['silent for a minute', { workers: [worker({ seenAt: ago(60, 's') })] }, []],
    ['silent for longer', { workers: [worker({ seenAt: ago(61, 's') })] }, ['critical -/']],
    ['stopped just now', { workers: [worker({ stopped: true })] }, []],
    ['stopped before', { workers: [worker({ stopped: true, seenAt: ago(61, 's') })] }, ['critical -/']],
    ['none ever', { workers: [] }, ['critical -/']],
    ['none ever, and nobody watched for a minute yet', { workers: [], watchedSeconds: 60 }, []],
    [
      'told before a restart of who watches',
      {
        workers: [worker({ seenAt: ago(2, 'h') })],
        watchedSeconds: 0,
        open: [{ rule: 'worker-absent', source: null, subject: '' }],
      },
      ['critical -/'],
    ],
  ],
  'unknown-files': [
    ['a file of nobody', { findings: [finding('unknown-file')] }, ['warning main/']],
    [
      'strangers of all kinds in one alert',
      { findings: [finding('unknown-file'), finding('stray-partial'), finding('strange-file', 2)] },
      ['warning main/'],
    ],
    [
      'a dump that is not encrypted',
      { findings: [finding('plain-text-dump'), finding('unknown-file', 1, 'lab')] },
      ['critical main/plain-text-dump', 'warning lab/'],
    ],
    ['a missing file: that is told otherwise', { findings: [finding('missing-file')] }, []],
  ],
  'missing-files': [
    [
      'backups without their file',
      { missing: [{ source: 'main', backups: 2, newestBackupId: 'b2', newestFile: 'f' }] },
      ['critical main/'],
    ],
    ['a companion that is gone', { findings: [finding('missing-file')] }, ['critical main/files']],
    ['a stranger: that is told otherwise', { findings: [finding('unknown-file')] }, []],
  ],
  'notification-failed': [
    [
      'a channel that takes nothing',
      { channels: [{ channel: 'smtp', failures: 1, firstFailedAt: ago(1, 'h'), reason: 'No.' }] },
      ['warning -/smtp'],
    ],
    [
      'one that took the last',
      { channels: [{ channel: 'smtp', failures: 0, firstFailedAt: ago(1, 'h'), reason: null }] },
      [],
    ],
  ],
};

describe('the alert rules', () => {
  it('are those that are promised', () => {
    expect(Object.keys(ALERT_RULES)).to.have.members(alertRule.options);
  });

  it('want nothing in a world in which nothing is wrong', () => {
    expect(wantedAlerts(facts())).to.deep.equal([]);
  });

  for (const rule of alertRule.options) {
    describe(rule, () => {
      for (const [promise, changes, wanted] of CASES[rule]) {
        it(`${promise}: ${wanted.join(', ') || 'no alert'}`, () => {
          const found = ALERT_RULES[rule](facts(changes));
          expect(
            found.map(({ severity, source, subject }) => `${severity} ${source ?? '-'}/${subject}`),
          ).to.deep.equal(wanted);
          for (const alert of found) {
            expect(alert.rule).to.equal(rule);
            expect(alert.message, 'a sentence that says what to do').to.match(
              /^(The|No|A|\d+) [\s\S]+\. \S[\s\S]+\.$/,
            );
            expect(alert.message).to.not.match(/undefined|null|NaN|Invalid/);
          }
        });
      }
    });
  }
});
