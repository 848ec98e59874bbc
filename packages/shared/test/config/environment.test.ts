import { availableParallelism } from 'node:os';
import { expect } from 'chai';
import { loadConfig, type ProcessRole } from '../../src/config/load.js';
import { environmentNames } from '../../src/config/schema.js';
import { Secret } from '../../src/config/secret.js';
import { SafekeepError } from '../../src/errors.js';
import { goodVariables, mistakes } from './variables.js';

/** Every variable: its default, `optional` where it may be missing, or `required` by some process. */
const VARIABLES: Record<string, unknown> = {
  HISTORY_DATABASE_URL: 'required',
  HISTORY_MIGRATIONS_URL: 'optional',
  REDIS_URL: 'required',
  SOURCE_DATABASE_URL: 'optional',
  SOURCES_FILE: 'optional',
  SCRATCH_DATABASE_URL: 'optional',
  RESTORE_DATABASE_URL: 'optional',
  BACKUP_DIR: '/backups',
  BACKUP_ENCRYPTION_KEY: 'required',
  BACKUP_COMPRESSION: 'gzip:9',
  BACKUP_COMPRESS_THREADS: Math.min(64, availableParallelism()),
  BACKUP_LOCK_TIMEOUT: 60,
  BACKUP_FINGERPRINT: true,
  BACKUP_RETENTION_FULL_DAYS: 90,
  BACKUP_RETENTION_INCREMENTAL_DAYS: 30,
  BACKUP_KEEP_MINIMUM: 3,
  RTO_TARGET: 14_400,
  RPO_TARGET: 93_600,
  CRITICAL_TABLES: ['users', 'patients', 'appointments'],
  HOST: '127.0.0.1',
  PORT: 3000,
  TRUST_PROXY: 0,
  JWT_SECRET: 'required',
  ADMIN_USERNAME: 'admin',
  ADMIN_PASSWORD: 'optional',
  LOG_LEVEL: 'info',
  LOG_FILE: 'optional',
  METRICS_TOKEN: 'optional',
  WORKER_CONCURRENCY: 2,
  NOTIFY_ON_SUCCESS: false,
  SMTP_URL: 'optional',
  SMTP_FROM: 'optional',
  SMTP_TO: 'optional',
  WEBHOOK_URL: 'optional',
  WEBHOOK_SECRET: 'optional',
  SLACK_WEBHOOK_URL: 'optional',
  HEARTBEAT_URL: 'optional',
  NOTIFY_ALLOWED_HOSTS: 'optional',
  SCHEDULE_TIMEZONE: 'UTC',
  SCHEDULE_FULL: '0 2 * * *',
  SCHEDULE_INCREMENTAL: '0 */6 * * *',
  SCHEDULE_TEST: '0 4 * * *',
  SCHEDULE_VERIFY: '0 3 * * 0',
  SCHEDULE_CLEANUP: '0 5 * * *',
  SCHEDULE_REPORT: '0 6 * * *',
};

const REQUIRED: Record<ProcessRole, string[]> = {
  api: ['HISTORY_DATABASE_URL', 'REDIS_URL', 'JWT_SECRET'],
  worker: ['HISTORY_DATABASE_URL', 'REDIS_URL', 'BACKUP_ENCRYPTION_KEY', 'SOURCE_DATABASE_URL'],
  cli: ['HISTORY_DATABASE_URL', 'REDIS_URL'],
  catalog: ['HISTORY_DATABASE_URL', 'BACKUP_ENCRYPTION_KEY'],
  emergency: ['BACKUP_ENCRYPTION_KEY', 'SOURCE_DATABASE_URL'],
};

describe('the environment', () => {
  it('is the list of variables that is promised, no more and no fewer', () => {
    expect(environmentNames).to.have.members(Object.keys(VARIABLES));
  });

  it('has the promised default for each variable that has one', () => {
    const config = loadConfig(goodVariables(), 'cli') as unknown as Record<string, unknown>;
    for (const [name, value] of Object.entries(VARIABLES)) {
      if (value === 'required') continue;
      if (name === 'SOURCE_DATABASE_URL') continue;
      expect(config[name], name).to.deep.equal(value === 'optional' ? undefined : value);
    }
  });

  for (const role of Object.keys(REQUIRED) as ProcessRole[]) {
    it(`lets the ${role} start only with what it cannot work without`, () => {
      for (const name of environmentNames) {
        const found = mistakes({ ...goodVariables(), [name]: undefined }, role);
        const needed = REQUIRED[role].includes(name);
        expect(found.length, name).to.equal(needed ? 1 : 0);
        if (needed) expect(found[0]).to.match(new RegExp(`^${name} is missing: (set it to|make one with)`));
      }
    });
  }

  it('takes an empty variable for one that is not set', () => {
    const emptied = Object.fromEntries(environmentNames.map((name) => [name, '']));
    const config = loadConfig({ ...emptied, ...goodVariables() }, 'worker');
    expect(config.BACKUP_DIR).to.equal('/backups');
    expect(config.SCHEDULE_FULL).to.equal('0 2 * * *');
    expect(config.LOG_FILE).to.equal(undefined);
  });

  it('ignores variables that are not its own', () => {
    expect(mistakes({ ...goodVariables(), BACKUP_FOO: 'x', SOURCE: 'y', LOG: 'z' })).to.deep.equal([]);
  });

  it('is frozen once it is read', () => {
    expect(loadConfig(goodVariables(), 'worker')).to.be.frozen;
  });
});

const CRON = /needs five cron fields such as "0 2 \* \* \*", or off/;
const WHOLE_DAYS = /needs a whole number from 1 to 36500/;

const DURATION = /needs a duration such as 30m, 4h or 2d/;

/** Values that are refused, and the remedy that is named. */
const REFUSED: [name: string, values: string[], remedy: RegExp][] = [
  ['SCHEDULE_FULL', ['0 0 2 * * *', '0 2 * *', '@daily', 'never', 'OFF', '61 2 * * *', '* * * * 9'], CRON],
  ['SCHEDULE_INCREMENTAL', ['*/0 * * * *', '0 25 * * *', '0 2 * * mon-', '5-1 * * * *'], CRON],
  ['SCHEDULE_TEST', ['0 4 31 2 *'], CRON],
  ['SCHEDULE_VERIFY', ['0 3 * * sonntag'], CRON],
  ['SCHEDULE_CLEANUP', ['true'], CRON],
  ['SCHEDULE_REPORT', ['0'], CRON],
  ['SCHEDULE_TIMEZONE', ['Mars/Olympus', 'Europe/Berlinn', '5', 'UTC '], /needs an IANA time zone/],
  ['BACKUP_RETENTION_FULL_DAYS', ['0', '-1', '1.5', '90d', '1e3', '36501', 'ninety', ' 9'], WHOLE_DAYS],
  ['BACKUP_RETENTION_INCREMENTAL_DAYS', ['0', '-30', '0x10', '99999999999'], WHOLE_DAYS],
  [
    'BACKUP_COMPRESSION',
    [
      'gzip',
      'gzip:0',
      'gzip:10',
      'zstd',
      'zstd:0',
      'zstd:23',
      'lz4:0',
      'lz4:13',
      'lz4:',
      'none',
      'GZIP:9',
      'gzip:9 ',
    ],
    /needs gzip:1/,
  ],
  ['BACKUP_COMPRESS_THREADS', ['0', '65', '1.5', 'all'], /needs a whole number from 1 to 64/],
  ['BACKUP_DIR', ['backups', './backups', '~/backups'], /needs an absolute path/],
  ['RTO_TARGET', ['4', '0h', '4H', '1.5h', '-4h', '4 h', '99999d', '4h30m'], DURATION],
  ['RPO_TARGET', ['26', 'day', '26s'], DURATION],
  [
    'CRITICAL_TABLES',
    ['a,,b', ',', 'x'.repeat(128), `${'a,'.repeat(100)}b`],
    /needs up to 100 names of tables/,
  ],
  ['LOG_FILE', ['backup.log'], /needs an absolute path/],
  ['LOG_LEVEL', ['verbose', 'INFO', 'silly'], /needs error, warn, info or debug/],
  ['PORT', ['-1', '65536', '3000.5', 'http'], /needs a whole number from 0 to 65535/],
  ['TRUST_PROXY', ['0', '10', 'on', 'true', '10.0.0.1', '-1'], /needs off, or the number of proxies/],
  ['WORKER_CONCURRENCY', ['0', '65', 'two'], /needs a whole number from 1 to 64/],
  ['NOTIFY_ON_SUCCESS', ['true', '1', 'yes'], /needs on or off/],
  [
    'BACKUP_LOCK_TIMEOUT',
    ['0', '0s', '60', '-1s', '1.5m', '1d', '25h', '9999m'],
    /needs (a duration such as 60s, 5m or 1h|at most 24h)/,
  ],
  ['BACKUP_FINGERPRINT', ['no', 'false', 'OFF'], /needs on or off/],
  ['ADMIN_USERNAME', ['Admin', '-admin', 'a b', 'x'.repeat(65)], /needs 1 to 64 of a-z/],
  ['ADMIN_PASSWORD', ['short', 'x'.repeat(11)], /needs at least 12 characters/],
  ['METRICS_TOKEN', ['short', 'x'.repeat(15)], /needs at least 16 characters/],
  ['REDIS_URL', ['localhost:6379', 'http://redis:6379', 'redis://'], /needs redis:\/\/host:6379/],
  ['JWT_SECRET', ['secret', 'x'.repeat(64)], /the secret is weak: .*; make one with: openssl rand/],
  ['BACKUP_ENCRYPTION_KEY', ['too-short'], /the key is weak: .*; make one with: openssl rand/],
];

/** Values that are taken. */
const TAKEN: [name: string, values: [given: string, read: unknown][]][] = [
  [
    'SCHEDULE_FULL',
    [
      ['off', null],
      ['0 2 * * *', '0 2 * * *'],
      ['*/15 0-6 1,15 * mon-fri', '*/15 0-6 1,15 * mon-fri'],
      ['0 2 29 2 *', '0 2 29 2 *'],
    ],
  ],
  [
    'RTO_TARGET',
    [
      ['30m', 1_800],
      ['4h', 14_400],
      ['2d', 172_800],
    ],
  ],
  ['CRITICAL_TABLES', [['patients, clinic.visits', ['patients', 'clinic.visits']]]],
  [
    'SCHEDULE_TIMEZONE',
    [
      ['Europe/Berlin', 'Europe/Berlin'],
      ['America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
    ],
  ],
  [
    'BACKUP_RETENTION_FULL_DAYS',
    [
      ['1', 1],
      ['36500', 36_500],
    ],
  ],
  [
    'BACKUP_COMPRESSION',
    [
      ['gzip:1', 'gzip:1'],
      ['zstd:22', 'zstd:22'],
      ['lz4', 'lz4:1'],
      ['lz4:12', 'lz4:12'],
    ],
  ],
  ['NOTIFY_ON_SUCCESS', [['on', true]]],
  [
    'BACKUP_LOCK_TIMEOUT',
    [
      ['1s', 1],
      ['5m', 300],
      ['24h', 86_400],
    ],
  ],
  ['BACKUP_FINGERPRINT', [['off', false]]],
  ['PORT', [['0', 0]]],
  [
    'TRUST_PROXY',
    [
      ['off', 0],
      ['2', 2],
    ],
  ],
  ['REDIS_URL', [['rediss://user:pass@host:6380/2', new Secret('')]]],
];

describe('a value of the environment', () => {
  for (const [name, values, remedy] of REFUSED) {
    it(`${name} is refused as ${values.map((value) => JSON.stringify(value.slice(0, 20))).join(', ')}`, () => {
      for (const value of values) {
        const found = mistakes({ ...goodVariables(), [name]: value }, 'worker');
        expect(found, value).to.have.length(1);
        expect(found[0], value)
          .to.match(new RegExp(`^${name}: `))
          .and.to.match(remedy);
      }
    });
  }

  for (const [name, values] of TAKEN) {
    it(`${name} is taken as ${values.map(([given]) => JSON.stringify(given)).join(', ')}`, () => {
      for (const [given, read] of values) {
        const config = loadConfig({ ...goodVariables(), [name]: given }, 'worker');
        expect((config as unknown as Record<string, unknown>)[name], given).to.deep.equal(read);
      }
    });
  }
});

describe('a PostgreSQL URL', () => {
  const mistaken: Record<string, RegExp> = {
    'db.example:5432/clinic': /must start with postgres:\/\//,
    'not a url': /it is not a URL/,
    'mysql://u:p-secret@h/db': /must start with postgres:\/\//,
    'postgres://u:p-secret@h': /names no database/,
    'postgres://u:p-secret@h/': /names no database/,
    'postgres://u:p-secret@h/d%0Ab': /line breaks/,
    'postgres://u:p-secret%0d@h/db': /line breaks/,
    'postgres://u:p-secret@h/d%00b': /not supported/,
    'postgres://u:p-secret@h/100%': /it is not a URL/,
    'postgres://u:p#secret@h/db': /it is not a URL|names no database/,
  };
  for (const [url, reason] of Object.entries(mistaken)) {
    it(`is refused with its reason and without being quoted: ${url}`, () => {
      for (const name of [
        'HISTORY_DATABASE_URL',
        'HISTORY_MIGRATIONS_URL',
        'SOURCE_DATABASE_URL',
        'SCRATCH_DATABASE_URL',
        'RESTORE_DATABASE_URL',
      ]) {
        const found = mistakes({ ...goodVariables(), [name]: url });
        expect(found, name).to.have.length(1);
        expect(found[0])
          .to.match(new RegExp(`^${name}: `))
          .and.to.match(reason);
        expect(found[0]).to.not.contain(url).and.not.contain('secret');
      }
    });
  }

  it('of the history is refused when it is the database of a source, however it is written', () => {
    const same = [
      'postgres://other@db.example/clinic',
      'postgresql://db.example:5432/clinic?sslmode=require',
      'postgres://x:y@DB.example:5432/clini%63',
    ];
    for (const url of same) {
      expect(mistakes({ ...goodVariables(), HISTORY_DATABASE_URL: url }), url).to.deep.equal([
        'HISTORY_DATABASE_URL is the database of source "main": give history a database of its own',
      ]);
    }
    const others = ['postgres://db.example:5433/clinic', 'postgres://db.example/clinic2'];
    for (const url of others) {
      expect(mistakes({ ...goodVariables(), HISTORY_DATABASE_URL: url }), url).to.deep.equal([]);
    }
  });
});

describe('a configuration with many mistakes', () => {
  const secrets = {
    HISTORY_DATABASE_URL: 'mysql://keeper:MARKER-history@h/db',
    REDIS_URL: 'http://:MARKER-redis@r:6379',
    SOURCE_DATABASE_URL: 'postgres://clinic:MARKER-source@db',
    SCRATCH_DATABASE_URL: 'MARKER-scratch',
    BACKUP_ENCRYPTION_KEY: 'MARKER-key',
    JWT_SECRET: 'MARKER-jwt',
    ADMIN_PASSWORD: 'MARKER-pw',
    METRICS_TOKEN: 'MARKER-token',
  };
  const others = { BACKUP_RETENTION_FULL_DAYS: '0', SCHEDULE_FULL: 'nonsense', LOG_LEVEL: 'loud', PORT: 'x' };
  const variables = { ...secrets, ...others };

  it('is reported as a whole, each mistake once and with its count', () => {
    const found = mistakes(variables);
    expect(found.map((line) => line.split(':')[0])).to.have.members(Object.keys(variables));
    try {
      loadConfig(variables, 'worker');
      expect.fail('it was taken');
    } catch (error) {
      expect((error as Error).message).to.match(/^The configuration has 12 mistake\(s\):\n/);
    }
  });

  it('shows the value of no secret, in no part of the error', () => {
    let thrown: unknown;
    try {
      loadConfig(variables, 'worker');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).to.be.instanceOf(SafekeepError);
    const error = thrown as SafekeepError;
    const shown = [error.message, error.hint, error.stack, JSON.stringify(error), String(error.cause)].join();
    expect(shown).to.not.contain('MARKER');
  });
});
