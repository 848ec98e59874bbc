import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient, BackupAnswer } from './api-client.js';
import { DemoError } from './demo-error.js';
import { progressLine } from './progress-line.js';
import type { SafekeepProcess } from './safekeep.js';

const POLL_MS = 250;
/** The worker reports every few seconds; a row that stays the same for this long has a job that hangs. */
const STALLED_AFTER_MS = 180_000;

export interface Following {
  readonly api: ApiClient;
  readonly worker: SafekeepProcess;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

/**
 * Waits until a backup has ended.
 * @throws DemoError when it did not end as `completed`, or when the worker is gone.
 */
export async function followBackup(id: string, following: Following): Promise<BackupAnswer> {
  const { api, worker, signal, onProgress } = following;
  let seen = { line: '', since: Date.now() };
  for (;;) {
    const backup = await api.backup(id);
    if (backup.status === 'completed') return backup;
    if (backup.status !== 'queued' && backup.status !== 'running') throw ended(backup, worker);
    if (!worker.isRunning()) throw trouble('The worker has ended by itself.', worker);
    const line = describe(backup);
    if (line !== seen.line) seen = { line, since: Date.now() };
    if (Date.now() - seen.since > STALLED_AFTER_MS) throw trouble('The backup makes no progress.', worker);
    onProgress(line);
    await sleep(POLL_MS, undefined, { signal });
  }
}

function describe(backup: BackupAnswer): string {
  if (backup.status === 'running') {
    return backup.progress === null ? '  running' : progressLine(backup.progress);
  }
  if (backup.error === null) return '  queued';
  return `  queued again after attempt ${backup.attempts}: ${backup.error.message}`;
}

function trouble(message: string, worker: SafekeepProcess): DemoError {
  const remedy = 'Read the log above; then start again.';
  return new DemoError(message, { remedy, logFile: worker.logFile });
}

function ended(backup: BackupAnswer, worker: SafekeepProcess): DemoError {
  const reason = backup.error === null ? '' : `: ${backup.error.message}`;
  return new DemoError(`The backup ended as ${backup.status}${reason}`, {
    remedy: backup.error?.hint ?? 'Start the demo again.',
    logFile: worker.logFile,
  });
}
