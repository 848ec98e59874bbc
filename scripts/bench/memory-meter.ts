import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { processFacts } from '../demo/process-facts.js';

const SAMPLE_EVERY_MS = 100;

/** Memory of a process while it was watched, in bytes. */
export interface MemoryPeaks {
  /** Resident memory when the watch began. */
  readonly before: number;
  /** Highest resident memory of the process itself, as the kernel keeps it (VmHWM). */
  readonly process: number;
  /**
   * Highest sum over the process and all its descendants, sampled every 100 ms. Pages that they share (libraries) are
   * counted once for each, so this is an upper bound.
   */
  readonly tree: number;
}

/** Watches the memory of one process and of what it starts. */
export class MemoryMeter {
  readonly #pid: number;
  readonly #before: number;
  readonly #timer: NodeJS.Timeout;
  #tree = 0;

  constructor(pid: number) {
    this.#pid = pid;
    // proc(5): 5 resets the peak to what is resident now.
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    this.#before = statusBytes(pid, 'VmRSS');
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_EVERY_MS);
  }

  stop(): MemoryPeaks {
    clearInterval(this.#timer);
    this.#sample();
    const process = statusBytes(this.#pid, 'VmHWM');
    // A peak between two samples is in the kernel's figure alone.
    return { before: this.#before, process, tree: Math.max(this.#tree, process) };
  }

  #sample(): void {
    const total = family(this.#pid).reduce((sum, pid) => sum + statusBytes(pid, 'VmRSS'), 0);
    this.#tree = Math.max(this.#tree, total);
  }
}

/** A figure of /proc/PID/status in bytes; 0 when the process is gone. */
export function statusBytes(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  try {
    const line = new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(line?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** The process and all its descendants. */
function family(root: number): number[] {
  const parents = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? processFacts(Number(name))?.parent : undefined;
    if (parent !== undefined) parents.set(parent, [...(parents.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (const pid of found) found.push(...(parents.get(pid) ?? []));
  return found;
}
