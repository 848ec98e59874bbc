/**
 * The one catalogue of errors: what went wrong, what to do, and how each edge (HTTP, CLI, queue) shows it.
 * Code throws `fail('CODE', {…})` with the cause; only the edges translate.
 */

interface ErrorSpec {
  /** What happened. `{name}` is filled from the parameters; never with row values or secrets. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
  readonly httpStatus: number;
  /** See docs/OPERATIONS.md: 1 failed, 2 usage, 3 configuration, 4 unreachable, 5 proof failed, 6 refused. */
  readonly exitCode: 1 | 2 | 3 | 4 | 5 | 6;
  /** Whether another attempt of the same job can succeed without anybody changing anything. */
  readonly retryable: boolean;
}

export const ERRORS = {
  CONFIG_INVALID: {
    message: 'The configuration has {count} mistake(s):\n{problems}',
    hint: 'Correct the environment (see .env.example) and start again.',
    httpStatus: 500,
    exitCode: 3,
    retryable: false,
  },
  REQUEST_INVALID: {
    message: 'The request is not valid: {problems}',
    hint: 'Compare it with docs/API_DOCUMENTATION.md; for a command see `backup.sh --help`.',
    httpStatus: 400,
    exitCode: 2,
    retryable: false,
  },
  BODY_MALFORMED: {
    message: 'The body is not valid JSON.',
    hint: 'Send a JSON object with the header Content-Type: application/json, or no body.',
    httpStatus: 400,
    exitCode: 2,
    retryable: false,
  },
  BODY_TOO_LARGE: {
    message: 'The body is larger than 100 kB.',
    hint: 'No request of this API needs more; check what the client sends.',
    httpStatus: 413,
    exitCode: 2,
    retryable: false,
  },
  CONTENT_TYPE_UNSUPPORTED: {
    message: 'The body is not sent as application/json.',
    hint: 'Send the header Content-Type: application/json.',
    httpStatus: 415,
    exitCode: 2,
    retryable: false,
  },
  LOGIN_FAILED: {
    message: 'The user name or the password is wrong.',
    hint: 'After many failed logins an account rests for up to 15 minutes; then try again.',
    httpStatus: 401,
    exitCode: 2,
    retryable: false,
  },
  TOKEN_MISSING: {
    message: 'The request has no access token.',
    hint: 'Log in with POST /auth/login and send the header Authorization: Bearer <access_token>.',
    httpStatus: 401,
    exitCode: 2,
    retryable: false,
  },
  TOKEN_INVALID: {
    message: 'The access token is not valid or has expired.',
    hint: 'Log in again with POST /auth/login; a token lasts 15 minutes.',
    httpStatus: 401,
    exitCode: 2,
    retryable: false,
  },
  METRICS_TOKEN_WRONG: {
    message: 'The metrics need the token of METRICS_TOKEN.',
    hint: 'Send it as Authorization: Bearer <token>; in Prometheus, with `authorization: { credentials_file: … }`.',
    httpStatus: 401,
    exitCode: 2,
    retryable: false,
  },
  SESSION_MISSING: {
    message: 'Nobody is logged in here, or not any more.',
    hint: 'Log in at /admin/queues/login.',
    httpStatus: 401,
    exitCode: 2,
    retryable: false,
  },
  FORM_REFUSED: {
    message: 'This did not come from a page of this service, or from one that is too old.',
    hint: 'Load the page again, with cookies allowed, and repeat what you did.',
    httpStatus: 403,
    exitCode: 2,
    retryable: false,
  },
  BOARD_UNAVAILABLE: {
    message: 'The queues cannot be shown now: Redis does not answer.',
    hint: 'Start Redis or correct REDIS_URL. History has every job; `backup.sh status` and `list` read it without Redis.',
    httpStatus: 503,
    exitCode: 4,
    retryable: true,
  },
  BOARD_ACTION_REFUSED: {
    message: 'The board only retries, removes and promotes jobs.',
    hint: 'Ask for backups and other jobs with the API or backup.sh; change schedules with PATCH /backup/schedules/:name.',
    httpStatus: 403,
    exitCode: 2,
    retryable: false,
  },
  ROLE_INSUFFICIENT: {
    message: 'This needs the role {needed}; you have {role}.',
    hint: 'Ask an administrator for the role, or use another account.',
    httpStatus: 403,
    exitCode: 2,
    retryable: false,
  },
  TOO_MANY_REQUESTS: {
    message: 'Too many requests of this kind in a short time.',
    hint: 'Wait for the seconds that the Retry-After header names, then try again.',
    httpStatus: 429,
    exitCode: 1,
    retryable: true,
  },
  ROUTE_UNKNOWN: {
    message: 'There is no {method} {path}.',
    hint: 'See docs/API_DOCUMENTATION.md for the routes.',
    httpStatus: 404,
    exitCode: 2,
    retryable: false,
  },
  METHOD_NOT_ALLOWED: {
    message: '{path} does not answer {method}.',
    hint: 'Use one of the methods that the Allow header names.',
    httpStatus: 405,
    exitCode: 2,
    retryable: false,
  },
  HTTP_INVALID: {
    message: 'The request is not valid HTTP.',
    hint: 'Check what the client, or a proxy on the way, sends.',
    httpStatus: 400,
    exitCode: 2,
    retryable: false,
  },
  HEADERS_TOO_LARGE: {
    message: 'The headers of the request are larger than 16 kB.',
    hint: 'Send fewer cookies and headers; this API reads Authorization, Content-Type and Idempotency-Key.',
    httpStatus: 431,
    exitCode: 2,
    retryable: false,
  },
  REQUEST_TOO_SLOW: {
    message: 'The request did not arrive in time.',
    hint: 'Send headers and body without pauses.',
    httpStatus: 408,
    exitCode: 1,
    retryable: true,
  },
  BACKUP_UNKNOWN: {
    message: 'There is no backup with the id {id}.',
    hint: 'List the backups with `backup.sh list` or GET /backup/history.',
    httpStatus: 404,
    exitCode: 2,
    retryable: false,
  },
  ALERT_UNKNOWN: {
    message: 'There is no alert with the id {id}.',
    hint: 'List the alerts with `backup.sh alerts` or GET /backup/monitoring/alerts.',
    httpStatus: 404,
    exitCode: 2,
    retryable: false,
  },
  NOTIFY_NOT_CONFIGURED: {
    message: 'No channel for notifications is configured, so nobody is told when something is wrong.',
    hint: 'Set SMTP_URL with SMTP_FROM and SMTP_TO, WEBHOOK_URL with WEBHOOK_SECRET, SLACK_WEBHOOK_URL or HEARTBEAT_URL, for the API and every worker.',
    httpStatus: 409,
    exitCode: 3,
    retryable: false,
  },
  NOTIFICATION_FAILED: {
    message: 'The channel {channel} did not take the notification: {reason}.',
    hint: 'Correct the settings of the channel or its server, then try it with `backup.sh alert-test`.',
    httpStatus: 502,
    exitCode: 1,
    retryable: true,
  },
  BACKUP_NOT_COMPLETED: {
    message: 'The backup {id} is {status}, so it has no file to look at.',
    hint: 'Choose a backup with the status completed; `backup.sh list --status completed` shows them.',
    httpStatus: 409,
    exitCode: 2,
    retryable: false,
  },
  BACKUP_DISPOSED: {
    message: 'The backup {id} was removed by retention at {at}; its files are gone.',
    hint: 'Choose another backup; `backup.sh show` tells why it was removed, GET /backup/cleanup which run did it.',
    httpStatus: 410,
    exitCode: 2,
    retryable: false,
  },
  REPORT_UNKNOWN: {
    message: 'There is no report with the id {id}.',
    hint: 'List the reports with GET /backup/reports.',
    httpStatus: 404,
    exitCode: 2,
    retryable: false,
  },
  REPORT_NOT_COMPLETED: {
    message: 'The report {id} is {status}, so there is no page of it.',
    hint: 'Wait until it is completed; as JSON it tells its status. One that failed is asked for again with POST /backup/report.',
    httpStatus: 409,
    exitCode: 1,
    retryable: true,
  },
  NOT_ACCEPTABLE: {
    message: 'This is answered as {types} only.',
    hint: 'Send one of them in the header Accept, or leave the header out.',
    httpStatus: 406,
    exitCode: 2,
    retryable: false,
  },
  SOURCE_UNKNOWN: {
    message: 'There is no source named "{source}"; known are: {known}.',
    hint: 'Set SOURCE_DATABASE_URL (source `main`) or add the source to SOURCES_FILE, for the API and every worker.',
    httpStatus: 422,
    exitCode: 2,
    retryable: false,
  },
  SCHEDULE_UNKNOWN: {
    message: 'There is no schedule {name} of the source "{source}"; known are: {known}.',
    hint: 'Name one of them; `source` in the body is main where it is left out, and cleanup and report have the source *.',
    httpStatus: 404,
    exitCode: 2,
    retryable: false,
  },
  IDEMPOTENCY_KEY_REUSED: {
    message: 'This Idempotency-Key was used before for a different request.',
    hint: 'Use a new key for each request that shall have an effect of its own.',
    httpStatus: 409,
    exitCode: 2,
    retryable: false,
  },
  QUEUE_UNAVAILABLE: {
    message: 'The job queue (Redis) cannot be reached; the job was not queued and never will be.',
    hint: 'Start Redis or correct REDIS_URL, then send the request again. `backup.sh status` shows what is reachable.',
    httpStatus: 503,
    exitCode: 4,
    retryable: true,
  },
  QUEUE_FULL: {
    message:
      'Redis has reached its memory limit (maxmemory) and takes no job; the job was not queued and never will be.',
    hint: 'Give Redis more memory (`maxmemory`) or remove what else is kept there, then send the request again.',
    httpStatus: 503,
    exitCode: 4,
    retryable: true,
  },
  REDIS_UNREACHABLE: {
    message: 'Redis cannot be reached.',
    hint: 'Start it or correct REDIS_URL.',
    httpStatus: 503,
    exitCode: 4,
    retryable: true,
  },
  HISTORY_UNAVAILABLE: {
    message: 'The history database cannot be reached.',
    hint: 'Start it or correct HISTORY_DATABASE_URL.',
    httpStatus: 503,
    exitCode: 4,
    retryable: true,
  },
  HISTORY_EMPTY: {
    message: 'The history database has no tables of Safekeep yet.',
    hint: 'Start the API or a worker once: they make the tables. If you expected a history, check HISTORY_DATABASE_URL.',
    httpStatus: 503,
    exitCode: 4,
    retryable: true,
  },
  MIGRATION_FAILED: {
    message: 'The tables of the history database could not be made or changed (SQLSTATE {sqlstate}).',
    hint: 'The role of HISTORY_MIGRATIONS_URL (or HISTORY_DATABASE_URL) needs: GRANT CREATE ON SCHEMA public, in a database of its own.',
    httpStatus: 500,
    exitCode: 3,
    retryable: false,
  },
  LOGIN_UNAVAILABLE: {
    message: 'Nobody can log in while Redis cannot be reached, because failed logins could not be counted.',
    hint: 'Start Redis or correct REDIS_URL, then log in again. Tokens that were issued before stay valid.',
    httpStatus: 503,
    exitCode: 4,
    retryable: true,
  },
  NOT_READY: {
    message: 'The API is not ready; it cannot reach: {parts}.',
    hint: 'Start what is named, or correct REDIS_URL or HISTORY_DATABASE_URL.',
    httpStatus: 503,
    exitCode: 4,
    retryable: true,
  },
  LISTEN_FAILED: {
    message: 'The API cannot listen on {host}:{port} ({reason}).',
    hint: 'Set HOST to an address of this machine and PORT to one that is free.',
    httpStatus: 500,
    exitCode: 3,
    retryable: false,
  },
  INTERNAL: {
    message: 'Something failed that has no name yet.',
    hint: 'Look in the log for the request id {requestId}.',
    httpStatus: 500,
    exitCode: 1,
    retryable: false,
  },
  SOURCE_UNREACHABLE: {
    message: 'The source "{source}" cannot be reached (SQLSTATE {sqlstate}).',
    hint: 'Check that the server runs, that the URL of the source is right and that the network lets the worker through.',
    httpStatus: 502,
    exitCode: 4,
    retryable: true,
  },
  SOURCE_SILENT: {
    message:
      'The source "{source}" gave no sign for {seconds} s, though its connections are open; the attempt was given up.',
    hint: 'Look for a firewall, proxy or server between the worker and the source that hangs or drops packets.',
    httpStatus: 502,
    exitCode: 4,
    retryable: true,
  },
  SOURCE_LOGIN_FAILED: {
    message: 'The source "{source}" refuses the login (SQLSTATE {sqlstate}).',
    hint: 'Check user, password and database in the URL of the source, and pg_hba.conf on its server.',
    httpStatus: 502,
    exitCode: 3,
    retryable: false,
  },
  PG_DUMP_MISSING: {
    message: 'No pg_dump was found on this worker.',
    hint: 'Install the PostgreSQL client of at least the server’s version (Debian: postgresql-client).',
    httpStatus: 500,
    exitCode: 3,
    retryable: false,
  },
  PG_DUMP_TOO_OLD: {
    message:
      'The server of "{source}" is PostgreSQL {server}, newer than the newest pg_dump here ({client}).',
    hint: 'Install the client tools of version {server} or newer on the workers; an older pg_dump cannot dump a newer server.',
    httpStatus: 500,
    exitCode: 3,
    retryable: false,
  },
  COMPRESSION_UNSUPPORTED: {
    message: 'PostgreSQL client {client}, the one that fits here, cannot compress with {compression}.',
    hint: 'Install client programs of version 16 or newer that were built with zstd and lz4; or, to back up, set BACKUP_COMPRESSION=gzip:9.',
    httpStatus: 500,
    exitCode: 3,
    retryable: false,
  },
  BACKUP_DIR_UNUSABLE: {
    message: 'The backup directory {directory} cannot be used: {reason}.',
    hint: 'Create or mount it and let the worker’s user write there, or correct BACKUP_DIR.',
    httpStatus: 500,
    exitCode: 3,
    retryable: false,
  },
  BACKUP_DIR_EMPTY: {
    message: 'The backup directory holds not one file of the backups of "{source}" that history knows.',
    hint: 'Mount the volume that holds them, or correct BACKUP_DIR. If they are lost for good, begin anew with `backup.sh emergency`.',
    httpStatus: 500,
    exitCode: 3,
    retryable: false,
  },
  SPACE_TOO_SMALL: {
    message: 'The backup directory has {free} free; this backup is expected to need {needed}.',
    hint: 'Make room or use a larger volume before the next run; nothing was written.',
    httpStatus: 507,
    exitCode: 6,
    retryable: false,
  },
  DISK_FULL: {
    message: 'The backup directory is full; the unfinished backup was removed, older ones are intact.',
    hint: 'Make room or use a larger volume, then run the backup again.',
    httpStatus: 507,
    exitCode: 1,
    retryable: false,
  },
  FILE_NAME_TAKEN: {
    message: 'The file name {file} was taken by another file while the backup ran.',
    hint: 'Only workers of this installation may write to the backup directory; find out who else does.',
    httpStatus: 500,
    exitCode: 1,
    retryable: true,
  },
  KEY_UNKNOWN: {
    message: 'The file {file} was made with another encryption key than this worker has (key id {keyId}).',
    hint: 'Give the worker the key with that id in BACKUP_ENCRYPTION_KEY; without it nobody can read or check the backup.',
    httpStatus: 500,
    exitCode: 3,
    retryable: false,
  },
  FILE_STRANGE: {
    message: 'The name {file} in the backup directory is not an ordinary file but {what}.',
    hint: 'Find out who put it there; Safekeep neither follows nor removes it.',
    httpStatus: 500,
    exitCode: 5,
    retryable: false,
  },
  DUMP_FAILED: {
    message: 'The backup of "{source}" failed in phase "{phase}"{at} ({evidence}).',
    hint: '{advice}',
    httpStatus: 500,
    exitCode: 1,
    retryable: true,
  },
  DUMP_REFUSED: {
    message: 'The source "{source}" refuses the backup in phase "{phase}"{at} ({evidence}).',
    hint: 'Give the role of the source what pg_dump needs: GRANT pg_read_all_data TO <role>; BYPASSRLS where tables have row security; lo_compat_privileges = on where large objects belong to others (docs/OPERATIONS.md).',
    httpStatus: 500,
    exitCode: 3,
    retryable: false,
  },
  DUMP_INCOMPLETE: {
    message: 'pg_dump ended well, but its archive is not whole: {reason}.',
    hint: 'Nothing was kept. If it happens again, report it with the versions of server and pg_dump.',
    httpStatus: 500,
    exitCode: 1,
    retryable: true,
  },
  COMPRESSION_FAILED: {
    message: 'A thread that compresses ended in the middle of the backup.',
    hint: 'Nothing was kept, and it is tried again. If it happens often, the machine may be short of memory: look for out-of-memory kills, or lower BACKUP_COMPRESS_THREADS.',
    httpStatus: 500,
    exitCode: 1,
    retryable: true,
  },
  BACKUP_DISTRUSTED: {
    message: 'The backup {id} cannot be trusted ({verdict}: {reason}); nothing of it was restored.',
    hint: 'Restore another backup (`backup.sh list` shows them), and keep this one for the inquiry: docs/OPERATIONS.md says what each verdict means.',
    httpStatus: 500,
    exitCode: 5,
    retryable: false,
  },
  RESTORE_UNKNOWN: {
    message: 'There is no restore with the id {id}.',
    hint: 'List the restores with GET /backup/recovery/restores.',
    httpStatus: 404,
    exitCode: 2,
    retryable: false,
  },
  NOTHING_TO_RESTORE: {
    message: 'The source "{source}" has no completed backup.',
    hint: 'See `backup.sh list`, or name another source with --source. Without history, run `backup.sh catalog rebuild` first.',
    httpStatus: 404,
    exitCode: 2,
    retryable: false,
  },
  TARGET_BUSY: {
    message: 'Another restore into a database named {database} is not finished yet.',
    hint: 'Wait for it (GET /backup/recovery/restores shows it), or restore into another database.',
    httpStatus: 409,
    exitCode: 6,
    retryable: false,
  },
  RESTORE_REFUSED: {
    message: 'The restore into {database} was refused, and nothing was touched:\n{problems}',
    hint: 'Settle what each line says, then ask again.',
    httpStatus: 409,
    exitCode: 6,
    retryable: false,
  },
  RESTORE_PART_LEFT: {
    message:
      '{why} The database {database} was there before and was not dropped; it now holds {contents} ({code}).',
    hint: 'Drop it yourself, or let Safekeep make the database: name one that does not exist.',
    httpStatus: 500,
    exitCode: 1,
    retryable: false,
  },
  RESTORE_DIFFERS: {
    message: 'The copy in {database} differs from what the sidecar says, in {count} thing(s).',
    hint: 'The findings say where. The database was kept for you to look at; do not go on with it before you know why.',
    httpStatus: 500,
    exitCode: 5,
    retryable: false,
  },
  PG_RESTORE_TOO_OLD: {
    message: 'The backup was made with pg_dump {archive}, newer than the newest pg_restore here ({client}).',
    hint: 'Install the PostgreSQL client of version {archive} or newer on the workers.',
    httpStatus: 500,
    exitCode: 3,
    retryable: false,
  },
  COMPRESSION_UNREADABLE: {
    message: 'Data compressed with {algorithm} cannot be looked at here: {reason}.',
    hint: 'Install the PostgreSQL client that made the backup, or a newer one, built with {algorithm}, on the workers.',
    httpStatus: 500,
    exitCode: 3,
    retryable: false,
  },
  TARGET_UNREACHABLE: {
    message:
      'The server to restore to cannot be reached, or the connection to it broke (SQLSTATE {sqlstate}).',
    hint: 'Check that it runs, has a free connection, and that RESTORE_DATABASE_URL is right (default: the URL of the source).',
    httpStatus: 502,
    exitCode: 4,
    retryable: true,
  },
  TARGET_LOGIN_FAILED: {
    message: 'The server to restore to refuses the login (SQLSTATE {sqlstate}).',
    hint: 'Check user, password and database in RESTORE_DATABASE_URL (default: the URL of the source), and pg_hba.conf there.',
    httpStatus: 502,
    exitCode: 3,
    retryable: false,
  },
  TARGET_REFUSED: {
    message: 'The server to restore to refuses to {doing} (SQLSTATE {sqlstate}).',
    hint: 'Give the role of RESTORE_DATABASE_URL what it lacks (CREATEDB to make databases), or name a role that has it.',
    httpStatus: 502,
    exitCode: 3,
    retryable: false,
  },
  SCRATCH_UNREACHABLE: {
    message:
      'The server for recovery tests cannot be reached, or the connection to it broke (SQLSTATE {sqlstate}).',
    hint: 'Check that it runs, has a free connection, and that SCRATCH_DATABASE_URL is right (default: the URL of the source).',
    httpStatus: 502,
    exitCode: 4,
    retryable: true,
  },
  SCRATCH_LOGIN_FAILED: {
    message: 'The server for recovery tests refuses the login (SQLSTATE {sqlstate}).',
    hint: 'Check user, password and database in SCRATCH_DATABASE_URL (default: the URL of the source), and pg_hba.conf there.',
    httpStatus: 502,
    exitCode: 3,
    retryable: false,
  },
  SCRATCH_REFUSED: {
    message: 'The server for recovery tests refuses to {doing} (SQLSTATE {sqlstate}).',
    hint: 'With 42501: let the role make databases (ALTER ROLE … CREATEDB), or set SCRATCH_DATABASE_URL to a server and a role that may. With 53100: the disk of that server is full.',
    httpStatus: 502,
    exitCode: 3,
    retryable: false,
  },
  NOTHING_TO_PROVE: {
    message: 'The source {source} has no completed backup to test.',
    hint: 'Take one first: backup.sh full.',
    httpStatus: 404,
    exitCode: 2,
    retryable: false,
  },
  RESTORE_FAILED: {
    message: 'The restore into the database {database} failed ({evidence}).',
    hint: 'Look up the SQLSTATE; the log of the target’s server has the whole message. The backup is intact.',
    httpStatus: 500,
    exitCode: 1,
    retryable: false,
  },
  INCREMENT_REFUSED: {
    message: 'The increment {file} was not applied to its restored base: {reason} (SQLSTATE {sqlstate}).',
    hint: 'Verify both backups (`backup.sh test ID`) and restore another one (`backup.sh list`); keep these for the inquiry.',
    httpStatus: 500,
    exitCode: 5,
    retryable: false,
  },
  INCREMENT_RIGHTS: {
    message:
      'The increment {file} was not applied: the restoring role lacks a right that it needs (SQLSTATE {sqlstate}).',
    hint: 'Restore as a superuser, as a role that may SET session_replication_role, or as the owner of all tables.',
    httpStatus: 502,
    exitCode: 3,
    retryable: false,
  },
  BACKUP_CANCELLED: {
    message: 'The backup was cancelled; nothing of it was kept.',
    hint: 'The audit trail says who cancelled it. Take another one if it was not meant: backup.sh full.',
    httpStatus: 409,
    exitCode: 1,
    retryable: false,
  },
  BACKUP_ENDED: {
    message: 'The backup {id} is {status} and can no longer be cancelled.',
    hint: 'Only a backup that is queued or running can be cancelled; retention removes the files of others.',
    httpStatus: 409,
    exitCode: 6,
    retryable: false,
  },
  RUN_FENCED: {
    message: 'This run lost its place to another one and published nothing.',
    hint: 'Nothing to do: the backup goes on elsewhere. If it happens often, look for frozen workers or a slow history database.',
    httpStatus: 500,
    exitCode: 1,
    retryable: true,
  },
  RUN_INTERRUPTED: {
    message: 'The worker was told to stop; the backup starts again on another worker.',
    hint: 'Nothing to do while a worker lives.',
    httpStatus: 500,
    exitCode: 1,
    retryable: true,
  },
  JOB_FAILED: {
    message: 'The job failed in a way that has no name yet.',
    hint: 'Look in the worker’s log for the run {runId}.',
    httpStatus: 500,
    exitCode: 1,
    retryable: true,
  },
  EMERGENCY_INTERRUPTED: {
    message: 'The emergency backup was interrupted; nothing of it was kept.',
    hint: 'Start it again when there is time for it to end.',
    httpStatus: 500,
    exitCode: 1,
    retryable: false,
  },
  JOB_ROW_GONE: {
    message: 'History no longer knows the job {id}.',
    hint: 'Was the history database set back to an older copy? Ask for the job again.',
    httpStatus: 500,
    exitCode: 1,
    retryable: false,
  },
  CLEANUP_INCOMPLETE: {
    message: 'The cleanup could not remove {count} backup(s) that have expired; the decisions say why.',
    hint: 'See `backup.sh cleanup --dry-run` and the worker’s log, mend the backup directory; the next cleanup goes on with them.',
    httpStatus: 500,
    exitCode: 1,
    retryable: false,
  },
  TOO_MANY_ATTEMPTS: {
    message: 'This job was started {attempts} times and never came to an end.',
    hint: 'Look in the workers’ logs for what kills them (memory, restarts), then ask for it again.',
    httpStatus: 500,
    exitCode: 1,
    retryable: false,
  },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;
type Parameters = Readonly<Record<string, string | number>>;

/** An error of the catalogue. `message` and `hint` are safe to show to anybody and to log. */
export class SafekeepError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, parameters: Parameters = {}, cause?: unknown) {
    super(fill(ERRORS[code].message, parameters), { cause });
    this.name = 'SafekeepError';
    this.code = code;
    this.hint = fill(ERRORS[code].hint, parameters);
  }

  get httpStatus(): number {
    return ERRORS[this.code].httpStatus;
  }

  get exitCode(): number {
    return ERRORS[this.code].exitCode;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

/** Makes (does not throw) an error of the catalogue; write `throw fail(…)`. */
export function fail(code: ErrorCode, parameters: Parameters = {}, cause?: unknown): SafekeepError {
  return new SafekeepError(code, parameters, cause);
}

function fill(template: string, parameters: Parameters): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(parameters[name] ?? '–'));
}
