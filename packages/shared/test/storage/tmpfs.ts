import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';

/** A small file system that stands at `folder`. */
export interface Tmpfs {
  readonly folder: string;
  remount(options: string): void;
  /** Takes it away; an empty folder is left in its place, and nothing is lost. */
  unmount(): void;
  /** Puts it back. */
  mount(): void;
  close(): void;
}

/**
 * Makes a small file system with these mount options. Where nothing may be mounted (no root, a container without the
 * right) the test is skipped and says so.
 */
export async function mountTmpfs(test: Context, options: string): Promise<Tmpfs> {
  const parent = await scratchFolder('safekeep-tmpfs');
  const [volume, folder] = [join(parent, 'volume'), join(parent, 'mounted')];
  for (const path of [volume, folder]) mkdirSync(path);
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const mount = () => run('mount', '--bind', volume, folder);
  try {
    run('mount', '-t', 'tmpfs', '-o', options, 'safekeep-test', volume);
    mount();
  } catch (error) {
    process.stderr.write(`SKIPPED, nothing may be mounted here: ${(error as Error).message}\n`);
    test.skip();
  }
  // Lazily: what a test has left open there must not keep it from ending.
  const unmount = () => run('umount', '--lazy', folder);
  return {
    folder,
    mount,
    unmount,
    remount: (changed) => run('mount', '-o', `remount,${changed}`, volume),
    close: () => {
      unmount();
      run('umount', '--lazy', volume);
    },
  };
}

/** Calls `work` with such a file system. */
export async function onTmpfs(
  test: Context,
  options: string,
  work: (folder: string, remount: (options: string) => void) => Promise<void>,
): Promise<void> {
  const { folder, remount, close } = await mountTmpfs(test, options);
  try {
    await work(folder, remount);
  } finally {
    close();
  }
}
