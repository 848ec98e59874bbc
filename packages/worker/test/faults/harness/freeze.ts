import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Random } from '../../property/random.js';

/** SIGSTOP; returns when every thread of the process stands still. */
export function freeze(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  while (!standsStill(pid));
}

/**
 * Stops a process at the point of its work where `reached` says so for the first time, which it must be able to tell from
 * outside: the process goes on in slices of less than a millisecond meanwhile.
 */
export async function freezeWhen(pid: number, reached: () => boolean, random: Random): Promise<void> {
  for (;;) {
    freeze(pid);
    if (reached()) return;
    process.kill(pid, 'SIGCONT');
    spin(random.between(50, 250));
    await nextTurn();
  }
}

export function thaw(pid: number): void {
  process.kill(pid, 'SIGCONT');
}

function standsStill(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
    return /^[TtZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  });
}

function spin(microseconds: number): void {
  const until = process.hrtime.bigint() + BigInt(microseconds) * 1000n;
  while (process.hrtime.bigint() < until);
}
