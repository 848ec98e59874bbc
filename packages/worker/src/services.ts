import type { DeflatePool } from '@safekeep/archive/parallel-gzip/deflate-pool';
import type { ConfigOf } from '@safekeep/shared/config/load';
import type { Secret } from '@safekeep/shared/config/secret';
import type { Logger } from '@safekeep/shared/logger';
import { notificationPause } from '@safekeep/shared/notify/attempt-notification';
import { channelsOf } from '@safekeep/shared/notify/channels';
import { sourceUnknown } from '@safekeep/shared/policy/require-source';
import type { Producer } from '@safekeep/shared/queues/producer';
import { LocalStorage } from '@safekeep/shared/storage/local';
import type pg from 'pg';

/** What `main.ts` opens. */
interface Opened {
  readonly pool: pg.Pool;
  readonly producer: Producer;
  readonly logger: Logger;
  /** Threads that compress, of all backups that this worker takes. */
  readonly deflatePool: DeflatePool;
  /** Folders that may hold PostgreSQL's programs. */
  readonly programDirectories: readonly string[];
  /** The worker's environment: PATH and HOME of the programs it starts. */
  readonly environment: NodeJS.ProcessEnv;
}

/** What the jobs and the reconciler's rounds of one worker work with. */
export type Services = ReturnType<typeof workerServices>;

export function workerServices(config: ConfigOf<'worker'>, opened: Opened) {
  const { pool, logger } = opened;
  const notify = {
    pool,
    logger,
    channels: channelsOf(config),
    service: 'worker',
    pauseAfter: notificationPause,
  } as const;
  return {
    ...opened,
    config,
    sourceNames: config.sourceNames,
    encryptionKey: config.BACKUP_ENCRYPTION_KEY,
    storageOf: (source: string) => new LocalStorage(config.BACKUP_DIR, source),
    scratchServerOf: (source: string) => scratchServer(config, source),
    notify,
  } as const;
}

/** A source that is no longer configured has no server. */
function scratchServer(config: ConfigOf<'worker'>, source: string): Secret {
  const own = config.sources.find(({ name }) => name === source)?.url;
  const server = config.SCRATCH_DATABASE_URL ?? own;
  if (server === undefined) throw sourceUnknown(source, config.sourceNames);
  return server;
}
