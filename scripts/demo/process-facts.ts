import { readFileSync } from 'node:fs';

export interface ProcessFacts {
  readonly parent: number;
  /** When it started, in the kernel's ticks since boot: a pid is used again, the pair of both is not. */
  readonly startTicks: number;
}

/** Facts of a process from /proc/PID/stat; `null` when it is gone, or where there is no /proc. */
export function processFacts(pid: number): ProcessFacts | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Counted behind the name, which may hold anything: proc(5) numbers the first of these as 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), startTicks: Number(fields[19]) };
  } catch {
    return null;
  }
}
