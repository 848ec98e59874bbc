import { type PostgresServer, startPostgres } from '../services/postgres.js';
import { type RedisServer, startRedis } from '../services/redis.js';
import { DemoError } from './demo-error.js';
import type { Endings } from './endings.js';
import type { Folder } from './folder.js';

export interface Servers {
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
}

/** Starts the private PostgreSQL and Redis; both end with `endings`, or with this process if it is killed. */
export async function startServers(
  folder: Folder,
  endings: Endings,
  settings: Readonly<Record<string, string>> = {},
): Promise<Servers> {
  const remedy =
    'Check that PostgreSQL and Redis are installed (node scripts/bootstrap.mjs) and that the disk has room.';
  try {
    const postgres = await startPostgres({ directory: folder.postgres, settings });
    endings.add(() => postgres.stop('fast'));
    const redis = await startRedis({ directory: folder.redis });
    endings.add(() => redis.stop());
    return { postgres, redis };
  } catch (cause) {
    throw new DemoError('A private server could not be started.', { remedy, cause });
  }
}
