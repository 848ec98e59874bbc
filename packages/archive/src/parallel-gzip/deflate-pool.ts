import { Piscina } from 'piscina';

/** How long a thread waits for another block before it ends, in milliseconds; between backups there is none. */
const IDLE_TIMEOUT = 1_000;

/** A stretch of a block that belongs to one stream of data. */
export interface BlockPart {
  /** Places in the block's text, in bytes. */
  readonly from: number;
  readonly to: number;
  /** How many bytes of the same stream stand right before `from`. */
  readonly dictionary: number;
  /** Whether its stream ends here. */
  readonly last: boolean;
}

/** Memory that is shared with the threads: no block is copied on its way there and back. */
export interface DeflateTask {
  readonly text: SharedArrayBuffer;
  /** Receives the parts' deflated bytes, one after the other. */
  readonly deflated: SharedArrayBuffer;
  /** 1 to 9. */
  readonly level: number;
  readonly parts: readonly BlockPart[];
}

export interface DeflatedPart {
  /** Length of the deflated part. */
  readonly bytes: number;
  /** Adler-32 of its text. */
  readonly adler: number;
}

/** A thread died, or the pool was closed: nothing about the archive. */
export class DeflateThreadError extends Error {
  override readonly name = 'DeflateThreadError';
}

/** Threads that deflate; shared by all archives that a process writes at the same time. */
export interface DeflatePool {
  /** How many blocks are deflated at a time. */
  readonly threads: number;
  /**
   * Rejects with DeflateThreadError when a thread dies: it takes along whatever is being deflated.
   */
  deflate(task: DeflateTask): Promise<readonly DeflatedPart[]>;
  /** Ends all threads; whatever is being deflated is rejected. */
  close(): Promise<void>;
}

/** Starts no thread before there is something to deflate. */
export function createDeflatePool(threads: number): DeflatePool {
  const piscina = new Piscina<DeflateTask, DeflatedPart[]>({
    filename: new URL('./deflate-thread.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: threads,
    maxQueue: Number.POSITIVE_INFINITY,
    idleTimeout: IDLE_TIMEOUT,
    // The oldest block first: what comes after it cannot be written before it.
    stricterFIFO: true,
    recordTiming: false,
    // Nothing of this process: the encryption key may be in its environment.
    env: {},
    execArgv: [],
  });
  // Where a thread dies, piscina starts no other before the next task, and what waits might wait for ever.
  const restart = () => piscina.destroy();
  piscina.on('error', restart);
  piscina.on('workerDestroy', () =>
    setImmediate(() => {
      if (piscina.threads.length === 0 && piscina.queueSize > 0) void restart();
    }),
  );
  return {
    threads,
    deflate: async (task) => {
      try {
        return await piscina.run(task);
      } catch (error) {
        await restart();
        throw new DeflateThreadError('a thread that compresses ended', { cause: error });
      }
    },
    close: () => piscina.destroy(),
  };
}
