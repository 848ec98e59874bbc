import { backupId } from '@safekeep/shared/contracts/backup';
import { type Restore, restoreRequest } from '@safekeep/shared/contracts/restore';
import { fail } from '@safekeep/shared/errors';
import { findNewestRestorable, findRestore } from '@safekeep/shared/history/restores';
import { requireSource } from '@safekeep/shared/policy/require-source';
import { requestRestore } from '@safekeep/shared/queues/request-restore';
import { knownBackup } from '../known-backup.js';
import { print } from '../print.js';
import { readOptions } from '../read-options.js';
import { exitCodeOfError, hintOf } from '../recorded-error.js';
import type { CliSession } from '../session.js';
import { watchJob } from '../watch-job.js';

/** `backup.sh restore --backup ID|latest --into NEWDB`: restores into a database that does not exist or is empty. */
export async function restoreVerb(session: CliSession): Promise<number> {
  const { options } = session;
  const given = {
    backupId: await chosenBackup(session, options.backup ?? ''),
    targetDatabase: options.into,
    tables: options.tables?.split(',').map((name) => name.trim()),
    withRoles: options.withRoles,
    withGrants: options.withGrants,
  };
  const request = readOptions(restoreRequest, given, { backupId: 'backup', targetDatabase: 'into' });
  const queueing = { pool: session.pool, producer: session.producer() };
  const accepted = await requestRestore(queueing, { ...request, via: 'cli', actor: session.actor });
  if (options.wait === false) {
    print(options, accepted, () => `queued restore ${accepted.id}`);
    return 0;
  }
  const doing = `restoring ${accepted.backupId} into ${accepted.targetDatabase}`;
  const ended = await watchJob(session, accepted, doing, (id) => findRestore(session.pool, id));
  print(options, ended, () => summary(ended));
  return ended.status === 'completed' ? 0 : exitCodeOfError(ended.errorCode);
}

async function chosenBackup(session: CliSession, asked: string): Promise<string> {
  const { source } = session.options;
  if (source !== undefined) requireSource(source, session.config.sourceNames);
  if (asked === 'latest') {
    const newest = await findNewestRestorable(session.pool, source ?? 'main');
    if (newest === null) throw fail('NOTHING_TO_RESTORE', { source: source ?? 'main' });
    return newest;
  }
  if (!backupId.safeParse({ id: asked }).success) {
    throw fail('REQUEST_INVALID', { problems: '--backup: it needs the id of a backup, or latest' });
  }
  return (await knownBackup(session, asked)).id;
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
