import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';

/** What gets lost: a statement or its answer, on a connection where another was sent before. */
interface Exchange {
  /** Text that the client must have sent on the same connection, such as the UPDATE that completes a backup. */
  readonly after: string;
  /** Text of the request, such as `COMMIT`. */
  readonly to: string;
}

/** A network between a client and a server of 127.0.0.1, that fails as it is told. */
export interface TcpProxy {
  readonly port: number;
  /** The same URL with this proxy's port. */
  through(url: string): string;
  /** Ends all connections; new ones work. */
  cut(): void;
  /** Nothing passes until `mend`: connections stay open and silent, as behind a firewall that drops packets. */
  blackHole(): void;
  /** A black hole from the moment on when servers have sent so many bytes since this call, counted in pieces. Resolves then. */
  blackHoleAfter(bytes: number): Promise<void>;
  /** New connections are refused and the old ones end, until `mend`. */
  refuse(): void;
  /** Every piece of data comes this much later, in milliseconds. */
  slowDown(by: number): void;
  mend(): void;
  /** The request reaches the server and is carried out there; its answer never comes back and the connection ends. Resolves when it happened. */
  loseAnswer(which: Exchange): Promise<void>;
  /** The connection ends before the request has reached the server, which the client cannot tell from a lost answer. Resolves when it happened. */
  loseRequest(which: Exchange): Promise<void>;
  /** Resolves when a client sends this text, which stays on its way until `mend`: its connection is silent from there on. */
  hold(text: string): Promise<void>;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  sent: string;
  losing: boolean;
  /** What was sent and is on its way. */
  held: Buffer | null;
}

/** How much of what a client sent is remembered to look for texts in, in characters. */
const REMEMBERED = 20_000;

/** Opens a proxy to a port of 127.0.0.1. */
export async function openProxy(target: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let mode: 'pass' | 'hole' | 'refuse' = 'pass';
  let later = 0;
  let limit: { left: number; readonly reached: () => void } | null = null;
  let lost: (Exchange & { readonly what: 'request' | 'answer'; readonly happened: () => void }) | null = null;
  let holding: { readonly text: string; readonly happened: () => void } | null = null;

  const server = createServer({ allowHalfOpen: false }, (client) => {
    if (mode === 'refuse') {
      client.destroy();
      return;
    }
    const far = createConnection(target, '127.0.0.1');
    const pair: Pair = { client, server: far, sent: '', losing: false, held: null };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      pair.client.destroy();
      pair.server.destroy();
    };
    for (const socket of [pair.client, pair.server]) socket.on('error', end).on('close', end);
    if (mode === 'hole') pause(pair);
    client.on('data', (data) => {
      pair.sent = (pair.sent + data.toString('latin1')).slice(-REMEMBERED);
      if (holding !== null && pair.sent.includes(holding.text)) {
        pair.held = data;
        pause(pair);
        holding.happened();
        holding = null;
        return;
      }
      const at = lost === null ? -1 : pair.sent.lastIndexOf(lost.after);
      if (lost !== null && at !== -1 && pair.sent.indexOf(lost.to, at) !== -1) {
        const { what, happened } = lost;
        lost = null;
        happened();
        if (what === 'request') {
          end();
          return;
        }
        pair.losing = true;
      }
      pass(data, client, pair.server);
    });
    pair.server.on('data', (data) => {
      if (pair.losing) return end();
      pass(data, pair.server, pair.client);
      if (limit === null) return;
      limit.left -= data.length;
      if (limit.left > 0) return;
      blackHole();
      limit.reached();
      limit = null;
    });
  });
  const pass = (data: Buffer, from: Socket, to: Socket) => {
    if (later > 0) {
      setTimeout(() => to.destroyed || to.write(data), later);
    } else if (!to.write(data)) {
      // What waits here would still arrive after the network has fallen silent.
      from.pause();
      to.once('drain', () => mode === 'hole' || from.resume());
    }
  };
  /** What was sent before is not meant. */
  const forget = () => {
    for (const pair of pairs) pair.sent = '';
  };
  const lose = (what: 'request' | 'answer', which: Exchange) =>
    new Promise<void>((resolve) => {
      forget();
      lost = { ...which, what, happened: resolve };
    });
  const pause = ({ client, server: far }: Pair) => {
    client.pause();
    far.pause();
  };
  const cut = () => {
    for (const { client, server: far } of [...pairs]) {
      client.destroy();
      far.destroy();
    }
  };
  const blackHole = () => {
    mode = 'hole';
    for (const pair of pairs) pause(pair);
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    through: (url) => {
      const changed = new URL(url);
      changed.port = String(port);
      return changed.toString();
    },
    cut,
    blackHole,
    blackHoleAfter: (bytes) =>
      new Promise((resolve) => {
        limit = { left: bytes, reached: resolve };
      }),
    refuse: () => {
      mode = 'refuse';
      cut();
    },
    slowDown: (by) => {
      later = by;
    },
    mend: () => {
      mode = 'pass';
      later = 0;
      for (const pair of pairs) {
        if (pair.held !== null) pair.server.write(pair.held);
        pair.held = null;
        pair.client.resume();
        pair.server.resume();
      }
    },
    loseAnswer: (which) => lose('answer', which),
    loseRequest: (which) => lose('request', which),
    hold: (text) =>
      new Promise((resolve) => {
        forget();
        holding = { text, happened: resolve };
      }),
    close: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
