import type { Backup } from '@safekeep/shared/contracts/backup';
import { ERRORS, type ErrorCode } from '@safekeep/shared/errors';
import { requestBackup } from '@safekeep/shared/queues/request-backup';
import { formatBackup } from './format-backup.js';
import { print } from './print.js';
import type { CliSession } from './session.js';
import { watchBackup } from './watch-backup.js';

/** Has a backup taken, waits for its end and shows it. @returns the exit code */
export async function takeBackup(session: CliSession, type: 'full' | 'incremental'): Promise<number> {
  const { options, config, pool } = session;
  const deps = {
    pool,
    producer: session.producer(),
    sourceNames: config.sourceNames,
  };
  const request = {
    source: options.source ?? 'main',
    type,
    via: 'cli',
    idempotencyKey: null,
  } as const;
  const queued = await requestBackup(deps, { ...request, actor: session.actor });
  if (options.wait === false) {
    print(options, queued, () => `queued backup ${queued.id} of source ${queued.source}`);
    return 0;
  }
  process.stderr.write(`backup ${queued.id} of source ${queued.source}\n`);
  const ended = await watchBackup(session, queued.id);
  print(options, ended, () => formatBackup(ended));
  return exitCodeOf(ended);
}

/** A failed backup ends the command with the exit code of its reason. */
function exitCodeOf(backup: Backup): number {
  if (backup.status === 'completed') return 0;
  const code = backup.error?.code;
  return code !== undefined && code in ERRORS ? ERRORS[code as ErrorCode].exitCode : 1;
}
