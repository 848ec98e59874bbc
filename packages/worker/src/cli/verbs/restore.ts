import { backupId } from '@safekeep/shared/contracts/backup';
import { type Restore, restoreRequest } from '@safekeep/shared/contracts/restore';
import { ERRORS, type ErrorCode, fail } from '@safekeep/shared/errors';
import { findBackup } from '@safekeep/shared/history/backups';
import { findNewestRestorable, findRestore } from '@safekeep/shared/history/restores';
import { requestRestore } from '@safekeep/shared/queues/request-restore';
import { hintOf } from '../hint-of.js';
import { print } from '../print.js';
import type { CliSession } from '../session.js';
import { watchJob } from '../watch-job.js';

/** `backup.sh restore --backup ID|latest --into NEWDB`: restores into a database that does not exist or is empty. */
export async function restoreVerb(session: CliSession): Promise<number> {
  const { options } = session;
  const given = restoreRequest.safeParse({
    backupId: await chosenBackup(session, options.backup ?? ''),
    targetDatabase: options.into,
    tables: options.tables?.split(',').map((name) => name.trim()),
    withRoles: options.withRoles,
    withGrants: options.withGrants,
  });
  if (!given.success) {
    const problems = given.error.issues.map(
      ({ path, message }) => `${OPTION_OF[String(path[0])]}: ${message}`,
    );
    throw fail('REQUEST_INVALID', { problems: problems.join('; ') });
  }
  const queueing = { pool: session.pool, producer: session.producer() };
  const accepted = await requestRestore(queueing, { ...given.data, via: 'cli', actor: session.actor });
  if (options.wait === false) {
    print(options, accepted, () => `queued restore ${accepted.id}`);
    return 0;
  }
  const doing = `restoring ${accepted.backupId} into ${accepted.targetDatabase}`;
  const ended = await watchJob(session, accepted, doing, (id) => findRestore(session.pool, id));
  print(options, ended, () => summary(ended));
  return ended.status === 'completed' ? 0 : exitCodeOf(ended.errorCode);
}

const OPTION_OF: Readonly<Record<string, string>> = {
  backupId: '--backup',
  targetDatabase: '--into',
  tables: '--tables',
};

async function chosenBackup(session: CliSession, asked: string): Promise<string> {
  const { source } = session.options;
  const known = session.config.sourceNames;
  if (source !== undefined && !known.includes(source)) {
    throw fail('SOURCE_UNKNOWN', { source, known: known.join(', ') });
  }
  if (asked === 'latest') {
    const newest = await findNewestRestorable(session.pool, source ?? 'main');
    if (newest === null) throw fail('NOTHING_TO_RESTORE', { source: source ?? 'main' });
    return newest;
  }
  if (!backupId.safeParse({ id: asked }).success) {
    throw fail('REQUEST_INVALID', { problems: '--backup: it needs the id of a backup, or latest' });
  }
  const backup = await findBackup(session.pool, asked);
  if (backup === null || (source !== undefined && source !== backup.source)) {
    throw fail('BACKUP_UNKNOWN', { id: asked });
  }
  return asked;
}

function exitCodeOf(code: string | null): number {
  return code !== null && code in ERRORS ? ERRORS[code as ErrorCode].exitCode : 1;
}

function summary(ended: Restore): string {
  const { facts, findings } = ended;
  if (facts === null) return `the restore failed: ${ended.reason}${hintOf(ended.errorCode)}`;
  const lines = [
    `restored ${ended.backupId} into ${ended.targetDatabase}`,
    `  tables  ${facts.tables} with ${facts.rows} row(s), large objects ${facts.largeObjects}`,
    `  server  PostgreSQL ${facts.serverVersion}, pg_restore ${facts.pgRestoreVersion}`,
  ];
  if (facts.roles.length > 0) lines.push(`  roles   made: ${facts.roles.join(', ')}`);
  for (const warning of facts.warnings) lines.push(`  note    ${warning}`);
  if (ended.status === 'completed')
    return [...lines, '  result  equal to the backup in all that was compared'].join('\n');
  for (const { kind, object, expected, actual } of findings ?? []) {
    lines.push(`  DIFFERS ${kind} ${object}: expected ${expected}, found ${actual}`);
  }
  return [...lines, `  result  ${ended.reason}`].join('\n');
}
