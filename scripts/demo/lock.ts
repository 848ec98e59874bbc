import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { processFacts } from './process-facts.js';

/** Who holds a folder. */
interface Holder {
  readonly pid: number;
  readonly startTicks: number | undefined;
}

/**
 * Takes a lock file that this process holds until it calls the returned function. The lock of a process that is gone is
 * taken over.
 *
 * @returns the release, or the pid of the process that holds the lock.
 */
export function takeLock(file: string): { release: () => void } | { heldBy: number } {
  const mine = `${file}.${process.pid}`;
  writeFileSync(
    mine,
    JSON.stringify({ pid: process.pid, startTicks: processFacts(process.pid)?.startTicks }),
  );
  try {
    for (;;) {
      if (linked(mine, file)) return { release: () => rmSync(file, { force: true }) };
      const holder = readHolder(file);
      if (holder !== null && isAlive(holder)) return { heldBy: holder.pid };
      setAside(file, `${mine}.stale`);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Whether `link` made the lock: unlike a write, it never shows an empty file. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a stale lock away. A living one that slipped in between is put back. */
function setAside(file: string, aside: string): void {
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const holder = readHolder(aside);
  if (holder !== null && isAlive(holder)) linked(aside, file);
  rmSync(aside, { force: true });
}

function readHolder(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return processFacts(holder.pid)?.startTicks === holder.startTicks;
}
