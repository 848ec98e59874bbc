import { Worker } from 'node:worker_threads';
import type { BackupStep, BackupToVerify, Verdict, VerifyOptions } from './verify-backup.js';

/** A backup file that the thread reads through its descriptor, which the caller keeps open. */
export type ThreadTask = BackupToVerify & { readonly descriptor: number };

export type ThreadMessage =
  | { readonly progress: { readonly done: number; readonly total: number } }
  | { readonly verdict: Verdict<BackupStep> };

/**
 * `verifyBackup` in a thread of its own. The buffers of a verification, several times the file's size, have V8 mark its
 * heap again and again; that of a worker is large enough to make this as dear as inflating, that of the thread is not. And
 * nothing that a file holds keeps the event loop from its heartbeats.
 *
 * It settles when the thread has ended and the descriptor can be closed.
 */
export async function verifyBackupApart(
  task: ThreadTask,
  options: VerifyOptions,
): Promise<Verdict<BackupStep>> {
  const { signal, onProgress } = options;
  signal.throwIfAborted();
  // A task has functions around it where it comes from; what is cloned has none.
  const { descriptor, size, sidecar, passphrase } = task;
  const thread = new Worker(new URL(import.meta.resolve('@safekeep/archive/verify-thread')), {
    workerData: { descriptor, size, sidecar, passphrase } satisfies ThreadTask,
    name: 'verify',
  });
  let verdict: Verdict<BackupStep> | undefined;
  let failure: unknown;
  thread.on('message', (message: ThreadMessage) => {
    if ('verdict' in message) verdict = message.verdict;
    else onProgress?.(message.progress.done, message.progress.total);
  });
  thread.on('error', (error) => {
    failure = error;
  });
  const stop = () => void thread.terminate();
  signal.addEventListener('abort', stop);
  const code = await new Promise<number>((resolve) => thread.on('exit', resolve));
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (failure !== undefined) throw failure;
  if (verdict === undefined) throw new Error(`the verifying thread ended with ${code} and without a verdict`);
  return verdict;
}
