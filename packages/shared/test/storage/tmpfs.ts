import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';

/**
 * Calls `work` with a small file system of its own, with these mount options. Where nothing may be mounted (no root, a
 * container without the right) the test is skipped and says so.
 */
export async function onTmpfs(
  test: Context,
  options: string,
  work: (folder: string, remount: (options: string) => void) => Promise<void>,
): Promise<void> {
  const folder = join(await scratchFolder('safekeep-tmpfs'), 'mounted');
  mkdirSync(folder);
  const mount = (args: string[]) => execFileSync('mount', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    mount(['-t', 'tmpfs', '-o', options, 'safekeep-test', folder]);
  } catch (error) {
    process.stderr.write(`SKIPPED, nothing may be mounted here: ${(error as Error).message}\n`);
    test.skip();
  }
  try {
    await work(folder, (changed) => mount(['-o', `remount,${changed}`, folder]));
  } finally {
    execFileSync('umount', [folder]);
  }
}
