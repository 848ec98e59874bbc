import { existsSync, readdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Resolves with the first name of a folder that fits, at the moment when it is there. The folder may come later. */
export async function nameAppears(folder: string, fits: (name: string) => boolean): Promise<string> {
  while (!existsSync(folder)) await delay(2);
  return new Promise((resolve) => {
    const watcher = watch(folder);
    const look = (names: readonly string[]) => {
      const name = names.find(fits);
      if (name === undefined) return;
      watcher.close();
      resolve(name);
    };
    watcher.on('change', (_event, name) => look([String(name)]));
    look(readdirSync(folder));
  });
}

/** Resolves when a file that was being written has not grown for a while. */
export async function growsNoMore(path: string): Promise<void> {
  let size = -1;
  while (size !== statSync(path).size) {
    size = statSync(path).size;
    await delay(500);
  }
}

/** Resolves when the file that is being written has this many bytes. */
export async function grownTo(folder: string, name: string, bytes: number): Promise<void> {
  while (statSync(join(folder, name)).size < bytes) await delay(1);
}
