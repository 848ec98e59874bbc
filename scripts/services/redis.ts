import { mkdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { onFreePort, PortTaken } from './free-port.js';
import { ServerProcess } from './server-process.js';

/** A private Redis server on 127.0.0.1, for tests, the demo and the benchmark. */
export interface RedisServer {
  readonly port: number;
  readonly pid: number;
  readonly url: string;
  stop(): Promise<void>;
  /** Ends the server as a power failure would. */
  kill(): void;
  /** Stops the server if it runs and starts it again on the same port, with its append-only file if it has one. */
  restart(): Promise<void>;
}

export interface RedisOptions {
  readonly directory: string;
  /** Whether writes survive a restart; off unless asked for. */
  readonly appendOnly?: boolean;
  /** As in Redis' own configuration, such as `64mb`; without it there is no limit. */
  readonly maxmemory?: string;
}

/** Starts Redis in `directory`, with the one eviction policy under which a queue loses no job. */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  mkdirSync(options.directory, { recursive: true });
  const first = await onFreePort(async (port) => ({ port, server: await run(options, port) }));
  const { port } = first;
  let server = first.server;
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return server.pid;
    },
    stop: () => server.end('SIGTERM'),
    kill: () => server.signal('SIGKILL'),
    restart: async () => {
      await server.end('SIGTERM');
      server = await run(options, port);
    },
  };
}

async function run(options: RedisOptions, port: number): Promise<ServerProcess> {
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    dir: options.directory,
    save: '',
    daemonize: 'no',
    appendonly: options.appendOnly ? 'yes' : 'no',
    'maxmemory-policy': 'noeviction',
    ...(options.maxmemory !== undefined && { maxmemory: options.maxmemory }),
  };
  const logFile = join(options.directory, 'redis.log');
  const command = {
    program: 'redis-server',
    arguments: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    logFile,
    cwd: options.directory,
    endSignal: 'SIGTERM',
  } as const;
  try {
    return await ServerProcess.start(command, () => answersPing(port));
  } catch (error) {
    if (String(error).includes('Address already in use')) throw new PortTaken(`port ${port} is taken`);
    throw error;
  }
}

/** A server that still reads its append-only file answers `-LOADING`. */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(port, '127.0.0.1', () => connection.write('PING\r\n'));
    connection.setTimeout(1000, () => connection.destroy());
    connection.once('data', (answer) => {
      resolve(answer.toString().startsWith('+PONG'));
      connection.destroy();
    });
    connection.once('error', () => resolve(false));
    connection.once('close', () => resolve(false));
  });
}
