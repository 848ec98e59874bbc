import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { namesOf } from '../../packages/shared/src/storage/backup-names.js';
import { ApiClient, type BackupAnswer } from '../demo/api-client.js';
import { DemoError } from '../demo/demo-error.js';
import type { Folder } from '../demo/folder.js';
import { followBackup } from '../demo/follow-backup.js';
import { psql } from '../demo/psql.js';
import type { Stack } from '../demo/stack.js';
import type { BackupRun, JobRun } from './measurements.js';
import { MemoryMeter, type MemoryPeaks } from './memory-meter.js';

const POLL_MS = 100;
const RESTORED = 'bench_restored';

export interface SafekeepJobs {
  /** Ends the worker and starts one with these variables besides; each contender of Safekeep begins in a fresh one. */
  freshWorker(variables?: Readonly<Record<string, string>>): Promise<void>;
  full(source?: string): Promise<BackupRun>;
  incremental(): Promise<BackupRun>;
  /** Deep verification of a stored backup. */
  verification(backupId: string): Promise<JobRun>;
  recoveryTest(backupId: string): Promise<JobRun>;
  /** Into a new database, with the comparison of all contents; the database is dropped afterwards. */
  restore(backupId: string): Promise<JobRun>;
}

export interface JobNeeds {
  readonly stack: Stack;
  readonly folder: Folder;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

/** What all rows of history have in common. */
interface Row {
  readonly status: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly reason?: string | null;
}

/** Safekeep's jobs as an administrator asks for them; times are those of history, from the start of the run to its end. */
export async function makeSafekeepJobs(needs: JobNeeds): Promise<SafekeepJobs> {
  const { stack, folder, signal } = needs;
  const { safekeep } = stack;
  const password = stack.credentials.adminPassword;
  const api = new ApiClient({ url: safekeep.url, password, api: safekeep.api, signal });
  await api.login();
  const backup = async (request: () => Promise<BackupAnswer>) => {
    const { result, memory } = await metered(safekeep.worker.pid, async () => {
      const { id } = await request();
      return followBackup(id, { ...needs, api, worker: safekeep.worker });
    });
    return backupRun(result, memory, folder.backups);
  };
  const job = async (
    start: () => Promise<{ id: string }>,
    look: (id: string) => Promise<Row | undefined>,
  ) => {
    const { result, memory } = await metered(safekeep.worker.pid, async () => {
      const { id } = await start();
      return untilEnded(() => look(id), needs);
    });
    return { seconds: secondsOf(result), bytes: 0, memory };
  };
  return {
    freshWorker: (variables) => safekeep.restartWorker(variables),
    full: (source) => backup(() => api.startFullBackup(source)),
    incremental: () => backup(() => api.startIncrementalBackup()),
    verification: (backupId) =>
      job(
        () => api.startVerification(backupId),
        async (id) => (await api.backup(backupId)).verifications.find((row) => row.id === id),
      ),
    recoveryTest: (backupId) =>
      job(
        () => api.startRecoveryTest(backupId),
        async (id) => (await api.backup(backupId)).recoveryTests.find((row) => row.id === id),
      ),
    restore: async (backupId) => {
      const run = await job(
        () => api.startRestore(backupId, RESTORED),
        (id) => api.restore(id),
      );
      await psql(stack.clinicUrl, `DROP DATABASE ${RESTORED}`, { signal });
      return run;
    },
  };
}

async function metered<Result>(
  pid: number,
  work: () => Promise<Result>,
): Promise<{ result: Result; memory: MemoryPeaks }> {
  const meter = new MemoryMeter(pid);
  try {
    const result = await work();
    return { result, memory: meter.stop() };
  } finally {
    meter.stop();
  }
}

function backupRun(backup: BackupAnswer, memory: MemoryPeaks, backups: string): BackupRun {
  const fileName = backup.fileName ?? '';
  const files = filesOf(fileName, backups);
  return {
    id: backup.id,
    type: backup.type,
    promotedReason: backup.promotedReason,
    fileName,
    seconds: secondsOf(backup),
    secondsFromRequest: seconds(backup.createdAt, backup.endedAt),
    // With its companions: what a contender keeps in one file, Safekeep keeps in several.
    bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
    hasManifest: files.some((file) => file.endsWith('.manifest.enc')),
    memory,
  };
}

/** The backup file and its companions. A source but `main` has a folder of its own. */
function filesOf(fileName: string, backups: string): string[] {
  const names = new Set(namesOf(fileName));
  return readdirSync(backups, { recursive: true, encoding: 'utf8' })
    .filter((path) => names.has(basename(path)))
    .map((path) => join(backups, path));
}

async function untilEnded(look: () => Promise<Row | undefined>, needs: JobNeeds): Promise<Row> {
  const { worker } = needs.stack.safekeep;
  for (;;) {
    const row = await look();
    const status = row?.status ?? 'queued';
    if (row !== undefined && (status === 'passed' || status === 'completed')) return row;
    if ((status !== 'queued' && status !== 'running') || !worker.isRunning()) {
      const remedy = 'Read the log above; then start again.';
      const message = `The job ended as ${status}: ${row?.reason ?? 'no reason is given'}`;
      throw new DemoError(message, { remedy, logFile: worker.logFile });
    }
    await sleep(POLL_MS, undefined, { signal: needs.signal });
  }
}

function secondsOf({ startedAt, endedAt }: Pick<Row, 'startedAt' | 'endedAt'>): number {
  return seconds(startedAt, endedAt);
}

function seconds(from: string | null, to: string | null): number {
  return (Date.parse(to ?? '') - Date.parse(from ?? '')) / 1000;
}
