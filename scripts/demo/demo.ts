import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ApiClient, type BackupAnswer } from './api-client.js';
import { build } from './build.js';
import { compareTables, comparisonLines, difference } from './compare-tables.js';
import { DemoError } from './demo-error.js';
import { finishedBackup } from './finished-backup.js';
import { chooseFolder, type Folder, openFolder } from './folder.js';
import { followBackup } from './follow-backup.js';
import type { DemoOptions } from './options.js';
import { proveBySafekeep } from './recovery-test.js';
import { restoreByHand } from './restore-by-hand.js';
import type { ScriptRun } from './run-script.js';
import { PROJECT } from './safekeep.js';
import { type Stack, startStack } from './stack.js';
import { tableContents } from './table-contents.js';
import { onTheDisk, whileItRuns } from './whereabouts.js';

type DemoRun = ScriptRun<DemoOptions>;

/**
 * The whole demo, from an empty folder to a compared restore. What it started ends with `endings`.
 * @throws DemoError when anything fails or differs; Stopped when it is stopped before it is done.
 */
export async function demo(run: DemoRun): Promise<void> {
  const { options, screen, endings, signal } = run;
  const folder = prepareFolder(run);
  let done = false;
  // After a failure the servers' data and logs are worth a look.
  endings.add(() => (done && !options.keep ? removeServerData(folder) : undefined));
  screen.heading('1. Start');
  await build(signal);
  const stack = await startStack({ folder, bytes: options.bytes, screen, endings, signal });
  screen.heading('2. Back up: API → queue → worker');
  const backup = await backUp(stack, run);
  const backupFile = join(folder.backups, backup.fileName ?? '');
  const { safekeep, credentials } = stack;
  screen.heading('3. Restore by hand: stock tools, the file and the key');
  await restoreByHand({ backupFile, environmentFile: safekeep.environmentFile, screen, signal });
  screen.heading('4. Compare the restored copy with the source');
  await compare(stack, run);
  screen.heading('5. Safekeep proves it by itself: verification and recovery test');
  const workerLog = safekeep.worker.logFile;
  await proveBySafekeep({ environmentFile: safekeep.environmentFile, workerLog, screen, signal });
  const where = { folder, credentials, safekeep, backupFile };
  screen.heading('What stays on the disk');
  for (const line of onTheDisk(where)) screen.say(line);
  if (!options.once) {
    screen.heading('Safekeep runs until Ctrl-C');
    for (const line of whileItRuns(where)) screen.say(line);
    await untilStopped(signal);
    screen.say('\nStopping …');
  }
  done = true;
}

function prepareFolder(run: DemoRun): Folder {
  const { options, screen, endings } = run;
  const chosen = options.folder === null ? chooseFolder(PROJECT, '.safekeep-demo') : null;
  const folder = openFolder(options.folder ?? chosen?.path ?? '');
  endings.add(() => folder.release());
  screen.say(`Everything of this demo is in ${folder.path}`);
  if (chosen?.reason != null) screen.say(`(${chosen.reason})`);
  if (folder.removed.length > 0)
    screen.say(`Removed what an earlier run left there: ${folder.removed.join(', ')}`);
  return folder;
}

async function untilStopped(signal: AbortSignal): Promise<void> {
  // The servers do not keep this process alive, and neither does a listener.
  const alive = setInterval(() => undefined, 3_600_000);
  if (!signal.aborted) await once(signal, 'abort');
  clearInterval(alive);
}

function removeServerData(folder: Folder): void {
  for (const data of [folder.postgres, folder.redis])
    rmSync(data, { recursive: true, force: true, maxRetries: 3 });
}

async function backUp(stack: Stack, run: DemoRun): Promise<BackupAnswer> {
  const { screen, signal } = run;
  const { safekeep, credentials } = stack;
  const api = new ApiClient({
    url: safekeep.url,
    password: credentials.adminPassword,
    api: safekeep.api,
    signal,
  });
  await api.login();
  screen.say('  POST /auth/login        200, logged in as admin');
  const requested = await api.startFullBackup();
  screen.say(`  POST /backup/full       202, backup ${requested.id} is ${requested.status}`);
  const onProgress = (line: string) => screen.progress(line);
  const backup = await followBackup(requested.id, { api, worker: safekeep.worker, signal, onProgress });
  for (const line of finishedBackup(backup)) screen.say(line);
  return backup;
}

async function compare(stack: Stack, run: DemoRun): Promise<void> {
  const { screen, signal } = run;
  const source = await tableContents(stack.clinicUrl, signal);
  const restored = await tableContents(stack.restoredUrl, signal);
  const comparisons = compareTables(source, restored);
  for (const line of comparisonLines(comparisons)) screen.say(`  ${line}`);
  const sentence = difference(comparisons);
  if (sentence !== null) {
    const remedy = 'Do not trust this version with backups; report it with the worker’s log.';
    throw new DemoError(sentence, { remedy, logFile: stack.safekeep.worker.logFile });
  }
  screen.say(`\n  ✓ All ${comparisons.length} are equal: the backup restores to what was backed up.`);
}
