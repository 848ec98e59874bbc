import { setTimeout as delay } from 'node:timers/promises';
import { MemoryMeter, statusBytes } from '../bench/memory-meter.js';
import type { ApiProcess } from './api-process.js';
import { type ProbeFigures, startProbe } from './probe.js';
import { RawClient } from './raw-client.js';

/** What one kind of hostile client met with, and what others met with meanwhile. */
export interface HostileFigures {
  readonly what: string;
  readonly connections: number;
  /** How many connections ended how: by the status of their answer, `closed` without one, or cut by the client itself. */
  readonly endings: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly probe: ProbeFigures;
  readonly memory: { readonly before: number; readonly peak: number; readonly after: number };
}

interface Kind {
  readonly what: string;
  /** The part of the connections that this kind makes. */
  readonly share: number;
  /** The answers that it must get. */
  readonly expected: readonly string[];
  /** Ends by itself after so many milliseconds, where the server need not end it. */
  readonly until?: number;
  begin(client: RawClient): void;
}

const PIECE = Buffer.alloc(65_536, 'x');
const PIPELINED = 200;

export const KINDS: readonly Kind[] = [
  {
    what: 'headers that never end, a line each half second',
    share: 0.5,
    expected: ['408'],
    begin: (client) => {
      client.socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n');
      client.drip('X-Slow: 1\r\n', 500);
    },
  },
  {
    what: 'bodies that never end, a byte each half second',
    share: 0.5,
    expected: ['408'],
    begin: (client) => {
      client.socket.write(post('Content-Length: 1000'));
      client.drip(' ', 500);
    },
  },
  {
    what: 'bodies of a gigabyte',
    share: 0.05,
    expected: ['413'],
    begin: (client) => {
      client.socket.write(post('Content-Length: 1000000000'));
      client.pour(PIECE);
    },
  },
  {
    what: 'bodies in pieces without an end',
    share: 0.05,
    expected: ['413'],
    begin: (client) => {
      client.socket.write(post('Transfer-Encoding: chunked'));
      client.pour(Buffer.concat([Buffer.from('10000\r\n'), PIECE, Buffer.from('\r\n')]));
    },
  },
  {
    what: 'headers of a megabyte',
    share: 0.25,
    expected: ['431'],
    begin: (client) => {
      client.socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Large: ');
      client.socket.write(Buffer.alloc(1_000_000, 'x'));
    },
  },
  {
    what: 'connections that say nothing',
    share: 1,
    expected: ['408'],
    begin: () => undefined,
  },
  {
    what: 'connections that are half closed within their headers',
    share: 0.5,
    expected: ['400', 'closed'],
    begin: (client) => client.socket.end('GET /health/live HTTP/1.1\r\nHost: localh'),
  },
  {
    what: `${PIPELINED} requests at once on each connection`,
    share: 0.05,
    expected: ['closed'],
    begin: (client) => {
      const last = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
      client.socket.write(
        'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(PIPELINED - 1) + last,
      );
    },
  },
  {
    what: 'the same, of large answers that are never read',
    share: 0.05,
    expected: ['closed', 'cut by the client'],
    until: 10_000,
    begin: (client) => {
      client.socket.pause();
      client.socket.write('GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(PIPELINED));
    },
  },
];

function post(length: string): string {
  return `POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${length}\r\n\r\n`;
}

/** Longer than the API waits for any request. */
const PATIENCE_MS = 60_000;

/** Opens all connections of one kind, waits for what becomes of them, and asks for the health and the history meanwhile. */
export async function attack(
  kind: Kind,
  api: ApiProcess,
  most: number,
  token: string,
): Promise<HostileFigures> {
  const connections = Math.max(2, Math.round(most * kind.share));
  const memory = new MemoryMeter(api.pid);
  const probe = startProbe(api.url, token);
  const started = performance.now();
  const clients: RawClient[] = [];
  for (let number = 0; number < connections; number += 1) {
    const client = new RawClient(api.port);
    client.socket.once('connect', () => kind.begin(client));
    clients.push(client);
    // A backlog of the kernel that is full would be measured otherwise.
    if (number % 100 === 99) await delay(10);
  }
  const limit = new AbortController();
  const tired = delay(kind.until ?? PATIENCE_MS, undefined, { signal: limit.signal }).then(() => undefined);
  tired.catch(() => undefined);
  const endings: Record<string, number> = {};
  await Promise.all(
    clients.map(async (client) => {
      const how = (await Promise.race([client.ended, tired])) ?? 'cut by the client';
      endings[how] = (endings[how] ?? 0) + 1;
      client.socket.destroy();
    }),
  );
  limit.abort();
  const seconds = (performance.now() - started) / 1000;
  const figures = await probe.stop();
  const { before, process: peak } = memory.stop();
  const after = statusBytes(api.pid, 'VmRSS');
  return { what: kind.what, connections, endings, seconds, probe: figures, memory: { before, peak, after } };
}
