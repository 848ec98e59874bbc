import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const folders = new Set<string>();
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/**
 * Makes a fresh temporary folder, removed when this process exits. A server that runs as another user (PostgreSQL
 * under root) can reach folders of its own inside it; nobody else can list it.
 */
export async function scratchFolder(prefix: string): Promise<string> {
  const parent = [tmpdir(), '/var/tmp', '/tmp'].find(everybodyMayPass);
  if (parent === undefined)
    throw new Error('No temporary folder that other users may pass through: set TMPDIR.');
  const folder = mkdtempSync(join(parent, `${prefix}-`));
  chmodSync(folder, 0o711);
  folders.add(folder);
  return folder;
}

function everybodyMayPass(folder: string): boolean {
  const mode = statSync(folder, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & 0o001) !== 0 && (folder === dirname(folder) || everybodyMayPass(dirname(folder)));
}
