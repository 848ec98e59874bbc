import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { isCron } from './cron.js';
import { encryptionKeyWeakness, MAKE_A_KEY } from './encryption-key.js';
import { postgresUrlMistake } from './postgres-url.js';
import { Secret } from './secret.js';

const secret = z.string().transform((value) => new Secret(value));

const postgresUrl = z
  .string()
  .superRefine((url, context) => {
    const mistake = postgresUrlMistake(url);
    if (mistake !== null) context.addIssue({ code: 'custom', message: mistake });
  })
  .pipe(secret);

const redisUrl = z.string().refine(isRedisUrl, 'it needs redis://host:6379 or rediss://…').pipe(secret);

function isRedisUrl(url: string): boolean {
  return /^rediss?:\/\//.test(url) && URL.canParse(url) && new URL(url).hostname !== '';
}

const encryptionKey = z
  .string()
  .superRefine((key, context) => {
    const weakness = encryptionKeyWeakness(key);
    if (weakness !== null)
      context.addIssue({ code: 'custom', message: `the key is weak: ${weakness}; ${MAKE_A_KEY}` });
  })
  .pipe(secret);

const strongSecret = z
  .string()
  .superRefine((value, context) => {
    const weakness = encryptionKeyWeakness(value);
    if (weakness !== null)
      context.addIssue({ code: 'custom', message: `the secret is weak: ${weakness}; ${MAKE_A_KEY}` });
  })
  .pipe(secret);

function wholeNumber(minimum: number, maximum: number) {
  const message = `it needs a whole number from ${minimum} to ${maximum}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, message);
}

const SECONDS_OF_UNIT = { m: 60, h: 3_600, d: 86_400 };

/** A duration such as `30m`, `4h` or `2d`, read as seconds. */
const duration = z
  .string()
  .regex(/^[1-9]\d{0,3}[mhd]$/, 'it needs a duration such as 30m, 4h or 2d')
  .transform((value) => {
    const unit = value.slice(-1) as keyof typeof SECONDS_OF_UNIT;
    return Number(value.slice(0, -1)) * SECONDS_OF_UNIT[unit];
  });

/** How long one waits for a lock: whoever waits longer blocks others behind it. Read as seconds. */
const lockWait = z
  .string()
  .regex(/^[1-9]\d{0,3}[smh]$/, 'it needs a duration such as 60s, 5m or 1h')
  .transform(
    (value) => Number.parseInt(value, 10) * { s: 1, m: 60, h: 3_600 }[value.slice(-1) as 's' | 'm' | 'h'],
  )
  .refine((seconds) => seconds <= SECONDS_OF_UNIT.d, 'it needs at most 24h');

/** Names such as `patients` or `clinic.patients`, as the database spells them, with commas between them. */
const tableNames = z
  .string()
  .transform((value) => value.split(',').map((name) => name.trim()))
  .refine(
    (names) => names.every((name) => name !== '' && Buffer.byteLength(name) <= 127) && names.length <= 100,
    'it needs up to 100 names of tables with commas between them, such as patients,clinic.visits',
  );

/** `lz4` alone is its level 1. */
const compression = z
  .string()
  .regex(
    /^(gzip:[1-9]|zstd:([1-9]|1\d|2[0-2])|lz4(:([1-9]|1[0-2]))?)$/,
    'it needs gzip:1 to gzip:9, zstd:1 to zstd:22, lz4, or lz4:1 to lz4:12',
  )
  .transform((value) => (value === 'lz4' ? 'lz4:1' : value));

const onOff = z.enum(['on', 'off'], 'it needs on or off').transform((value) => value === 'on');

/** Five cron fields, or `off` (then `null`). */
const schedule = z
  .string()
  .refine(
    (value) => value === 'off' || isCron(value),
    'it needs five cron fields such as "0 2 * * *", or off',
  )
  .transform((value) => (value === 'off' ? null : value));

const timeZone = z.string().refine((value) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    return false;
  }
}, 'it needs an IANA time zone such as UTC or Europe/Berlin');

/** How many proxies stand before the API; `off` is none. */
const proxies = z
  .string()
  .regex(/^([1-9]|off)$/, 'it needs off, or the number of proxies before the API, 1 to 9')
  .transform((value) => (value === 'off' ? 0 : Number(value)));
const webUrl = z.string().refine(isWebUrl, 'it needs https://host/path').pipe(secret);

function isWebUrl(url: string): boolean {
  return /^https?:\/\//.test(url) && URL.canParse(url) && !/\s/.test(url);
}

const smtpUrl = z
  .string()
  .refine(isSmtpUrl, 'it needs smtp://user:password@host:587 or smtps://… (special characters %-encoded)')
  .pipe(secret);

function isSmtpUrl(url: string): boolean {
  if (!/^smtps?:\/\//.test(url) || !URL.canParse(url)) return false;
  const { hostname, username, password } = new URL(url);
  try {
    decodeURIComponent(`${username}${password}`);
    return hostname !== '';
  } catch {
    return false;
  }
}

const mailAddress = z
  .string()
  .regex(/^[^\s@<>,;:"]+@[^\s@<>,;:"]+$/, 'it needs a mail address such as backup@clinic.example');

/** Splits at commas; an empty part is a mistake that the part's own check reports. */
function list<T>(part: z.ZodType<T, string>) {
  return z
    .string()
    .transform((text) => text.split(',').map((each) => each.trim()))
    .pipe(z.array(part));
}

const allowedHost = z
  .string()
  .toLowerCase()
  .regex(
    /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/,
    'it needs host or host:port, several with commas between',
  );

/** Everything Safekeep reads from its environment; the names are a contract (README, .env.example). */
export const environmentSchema = z.object({
  HISTORY_DATABASE_URL: postgresUrl.optional(),
  HISTORY_MIGRATIONS_URL: postgresUrl.optional(),
  REDIS_URL: redisUrl.optional(),
  SOURCE_DATABASE_URL: postgresUrl.optional(),
  SOURCES_FILE: z.string().optional(),
  SCRATCH_DATABASE_URL: postgresUrl.optional(),
  RESTORE_DATABASE_URL: postgresUrl.optional(),
  BACKUP_DIR: z.string().startsWith('/', 'it needs an absolute path').default('/backups'),
  BACKUP_ENCRYPTION_KEY: encryptionKey.optional(),
  BACKUP_COMPRESSION: compression.default('gzip:9'),
  BACKUP_COMPRESS_THREADS: wholeNumber(1, 64).default(Math.min(64, availableParallelism())),
  BACKUP_LOCK_TIMEOUT: lockWait.default(60),
  BACKUP_FINGERPRINT: onOff.default(true),
  BACKUP_RETENTION_FULL_DAYS: wholeNumber(1, 36_500).default(90),
  BACKUP_RETENTION_INCREMENTAL_DAYS: wholeNumber(1, 36_500).default(30),
  BACKUP_KEEP_MINIMUM: wholeNumber(1, 1000).default(3),
  RTO_TARGET: duration.default(4 * SECONDS_OF_UNIT.h),
  RPO_TARGET: duration.default(26 * SECONDS_OF_UNIT.h),
  CRITICAL_TABLES: tableNames.default(['users', 'patients', 'appointments']),
  HOST: z.string().default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535).default(3000),
  TRUST_PROXY: proxies.default(0),
  JWT_SECRET: strongSecret.optional(),
  ADMIN_USERNAME: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._@-]{0,63}$/, 'it needs 1 to 64 of a-z, 0-9, and . _ @ -')
    .default('admin'),
  ADMIN_PASSWORD: z.string().min(12, 'it needs at least 12 characters').max(256).pipe(secret).optional(),
  LOG_LEVEL: z
    .enum(['error', 'warn', 'info', 'debug'], 'it needs error, warn, info or debug')
    .default('info'),
  LOG_FILE: z.string().startsWith('/', 'it needs an absolute path').optional(),
  METRICS_TOKEN: z.string().min(16, 'it needs at least 16 characters').pipe(secret).optional(),
  WORKER_CONCURRENCY: wholeNumber(1, 64).default(2),
  NOTIFY_ON_SUCCESS: onOff.default(false),
  SMTP_URL: smtpUrl.optional(),
  SMTP_FROM: mailAddress.optional(),
  SMTP_TO: list(mailAddress).optional(),
  WEBHOOK_URL: webUrl.optional(),
  WEBHOOK_SECRET: strongSecret.optional(),
  SLACK_WEBHOOK_URL: webUrl.optional(),
  HEARTBEAT_URL: webUrl.optional(),
  NOTIFY_ALLOWED_HOSTS: list(allowedHost).optional(),
  SCHEDULE_TIMEZONE: timeZone.default('UTC'),
  SCHEDULE_FULL: schedule.default('0 2 * * *'),
  SCHEDULE_INCREMENTAL: schedule.default('0 */6 * * *'),
  SCHEDULE_TEST: schedule.default('0 4 * * *'),
  SCHEDULE_VERIFY: schedule.default('0 3 * * 0'),
  SCHEDULE_CLEANUP: schedule.default('0 5 * * *'),
  SCHEDULE_REPORT: schedule.default('0 6 * * *'),
});

export type Environment = z.output<typeof environmentSchema>;
export type EnvironmentName = keyof Environment;

export const environmentNames = Object.keys(environmentSchema.shape) as EnvironmentName[];
