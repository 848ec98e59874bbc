import autocannon, { type Options } from 'autocannon';
import { MemoryMeter, statusBytes } from '../bench/memory-meter.js';

/** How one kind of request fared. Milliseconds and bytes. */
export interface LoadFigures {
  readonly what: string;
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p97_5: number;
  readonly p99: number;
  readonly max: number;
  /** Answers that were refusals or failures by status, and requests without an answer. */
  readonly refused: number;
  readonly failed: number;
  /** Resident memory of the API before and after, and its peak between. */
  readonly memory: { readonly before: number; readonly peak: number; readonly after: number };
}

/** Asks as fast as answers come, over so many connections. */
export async function measureLoad(what: string, pid: number, options: Options): Promise<LoadFigures> {
  const memory = new MemoryMeter(pid);
  const started = performance.now();
  const result = await autocannon({ timeout: 30, ...options });
  const seconds = (performance.now() - started) / 1000;
  const { before, process: peak } = memory.stop();
  const answered = result['2xx'] + result.non2xx;
  return {
    what,
    requests: answered,
    perSecond: answered / seconds,
    p50: result.latency.p50,
    p97_5: result.latency.p97_5,
    p99: result.latency.p99,
    max: result.latency.max,
    refused: result['4xx'],
    failed: result['5xx'] + result.errors,
    memory: { before, peak, after: statusBytes(pid, 'VmRSS') },
  };
}
