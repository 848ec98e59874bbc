import { once } from 'node:events';
import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** How long running requests may take to finish once the process was told to stop, in milliseconds. */
const GRACE = 10_000;

/** Between two looks for connections whose request has been answered, in milliseconds. */
const SWEEP = 50;

/** Accepts nothing new, lets running requests finish, and cuts those that take longer than the grace. */
export async function drain(server: Server, grace = GRACE): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // A connection that is kept alive would hold the server open for its next request, which nobody would answer.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP);
  await Promise.race([closed, delay(grace, undefined, { ref: false })]);
  clearInterval(sweep);
  server.closeAllConnections();
  await closed;
}
