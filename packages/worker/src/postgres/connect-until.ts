import type pg from 'pg';

/**
 * Connects, or gives up at a stop: pg never settles the `connect` of a client that is ended meanwhile, so whoever waits for
 * it alone waits for ever. Ending the client is the caller's.
 *
 * @throws the reason of `signal`, or what pg throws
 */
export async function connectUntil(signal: AbortSignal, client: pg.Client): Promise<void> {
  signal.throwIfAborted();
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
  });
  signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([client.connect(), stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
