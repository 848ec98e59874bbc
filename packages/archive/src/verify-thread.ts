import { parentPort, workerData } from 'node:worker_threads';
import { descriptorContent } from './descriptor-content.js';
import type { ThreadMessage, ThreadTask } from './verify-apart.js';
import { verifyBackup } from './verify-backup.js';

/** How often progress is told while a file is read, so that messages cost nothing. */
const REPORTS = 1000;

const { descriptor, ...backup } = workerData as ThreadTask;
const tell = (message: ThreadMessage) => parentPort?.postMessage(message);

let told = 0;
const onProgress = (done: number, total: number) => {
  if (done - told < total / REPORTS && done !== total) return;
  told = done;
  tell({ progress: { done, total } });
};
const file = { ...backup, read: () => descriptorContent(descriptor) };
// Whoever wants this stopped ends the thread.
tell({ verdict: await verifyBackup(file, { onProgress, signal: new AbortController().signal }) });
