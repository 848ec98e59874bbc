/**
 * PostgreSQL's programs print the server's messages, which quote row values, and no SQLSTATE. This table gives the
 * SQLSTATE back from the fixed part of a message (LC_ALL=C; names after PostgreSQL's errcodes.txt), and the message
 * itself goes no further.
 */
const MESSAGES: readonly (readonly [RegExp, string])[] = [
  [/canceling statement due to lock timeout|could not obtain lock on relation/, '55P03'],
  // pg_dump's --lock-wait-timeout is a statement timeout of its LOCK TABLE.
  [/canceling statement due to statement timeout\n.*Query was: LOCK TABLE/, '55P03'],
  [/permission denied|must be superuser|query would be affected by row-level security/, '42501'],
  [/password authentication failed|no password supplied/, '28P01'],
  [/no pg_hba\.conf entry|role ".*" does not exist|is not permitted to log in/, '28000'],
  [/database ".*" does not exist/, '3D000'],
  [/terminating connection due to administrator command/, '57P01'],
  [/the database system is (starting up|shutting down|in recovery mode)/, '57P03'],
  [/canceling statement due to (statement timeout|user request)/, '57014'],
  [/canceling statement due to conflict with recovery/, '40001'],
  [/terminating connection due to idle-in-transaction timeout/, '25P03'],
  [/too many clients already|too many connections|remaining connection slots/, '53300'],
  [/No space left on device/, '53100'],
  [/out of (shared )?memory/, '53200'],
  [/invalid page in block|missing chunk number|could not read block/, 'XX001'],
  [
    /server closed the connection|connection to server was lost|SSL SYSCALL error|could not receive data/,
    '08006',
  ],
  [/could not connect to server|connection to server .* failed|could not translate host name/, '08001'],
  [/invalid snapshot identifier|could not import the requested snapshot/, '22023'],
];

/** The SQLSTATE that the text of pg_dump or pg_dumpall stands for, or `null` when none is known. */
export function sqlstateOf(stderr: string): string | null {
  return MESSAGES.find(([pattern]) => pattern.test(stderr))?.[1] ?? null;
}

const ADVICE: Readonly<Record<string, string>> = {
  '55P03':
    'A table stays locked (ALTER TABLE, VACUUM FULL, TRUNCATE …): find who holds it in pg_locks, or run the backup later.',
  '57P01': 'The source’s server was stopped or cut the connection; the backup is tried again.',
  '57P03': 'The source’s server is starting or stopping; the backup is tried again.',
  '08006': 'The connection to the source broke; the backup is tried again. Look in the log of its server.',
  '08001': 'The source cannot be reached; check that it runs and that the network lets the worker through.',
  '53300':
    'The source has no free connection; a backup needs three. Raise max_connections or close idle clients.',
  '53200':
    'The source’s server ran out of memory. A backup locks each of its tables and their indexes: with many of them raise max_locks_per_transaction there and restart it.',
  '53100': 'The disk of the source’s server is full; make room there.',
  '40001': 'The standby cancelled the backup: raise max_standby_streaming_delay or back up the primary.',
  XX001: 'A table of the source is damaged on its disk: keep all older backups and see pg_amcheck.',
};

/** What to do about a failed dump. */
export function adviceFor(sqlstate: string | null): string {
  return ADVICE[sqlstate ?? ''] ?? 'Run pg_dump by hand with the role of the source to see its own message.';
}

/** Failures that no other attempt can mend: rights, logins, names. */
export function needsPeople(sqlstate: string | null): boolean {
  return sqlstate !== null && /^(42|28|3D)/.test(sqlstate);
}
