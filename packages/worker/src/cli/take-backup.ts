import type { Backup } from '@safekeep/shared/contracts/backup';
import { findBackup } from '@safekeep/shared/history/backups';
import { requestBackup } from '@safekeep/shared/queues/request-backup';
import { formatBackup } from './format-backup.js';
import { print } from './print.js';
import { openDisplay } from './progress-display.js';
import { exitCodeOfError } from './recorded-error.js';
import type { CliSession } from './session.js';
import { type JobDisplay, watchJob } from './watch-job.js';

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
  const doing = `backup ${queued.id}; look with: backup.sh show ${queued.id}`;
  const ended = await watchJob(session, queued, doing, (id) => findBackup(pool, id), progressBar());
  print(options, ended, () => formatBackup(ended));
  return ended.status === 'completed' ? 0 : exitCodeOfError(ended.error?.code);
}

function progressBar(): JobDisplay<Backup> {
  const display = openDisplay(process.stderr);
  return { ...display, show: (backup) => display.show(backup.progress) };
}
