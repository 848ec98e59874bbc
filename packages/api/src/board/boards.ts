import { createBullBoard } from '@bull-board/api';
import type { Logger } from '@safekeep/shared/logger';
import { createOutageLog } from '@safekeep/shared/outage-log';
import { QUEUE_PREFIX, QUEUES } from '@safekeep/shared/queues/contracts';
import { Queue } from 'bullmq';
import type { Express } from 'express';
import type { Redis } from 'ioredis';
import type pg from 'pg';
import { BoardAdapter } from './board-adapter.js';
import { LabelledQueue } from './labelled-queue.js';
import { BOARD } from './paths.js';

/** Two boards over the same queues: what an operator sees cannot change anything, whoever asks for it. */
export interface Boards {
  readonly readOnly: Express;
  readonly writable: Express;
}

/** Only to be called while Redis is connected: a queue that cannot set itself up never recovers. */
export function createBoards(redis: Redis, pool: pg.Pool, logger: Logger): Boards {
  const onQueueError = createOutageLog(logger, 'queue');
  const onError = createOutageLog(logger, 'history');
  const queues = QUEUES.map((name) => {
    const queue = new Queue(name, { connection: redis, prefix: QUEUE_PREFIX, skipWaitingForReady: true });
    queue.on('error', onQueueError);
    return { name, queue };
  });
  const board = (readOnly: boolean): Express => {
    const serverAdapter = new BoardAdapter();
    createBullBoard({
      queues: queues.map(({ name, queue }) => new LabelledQueue(queue, name, { pool, onError, readOnly })),
      serverAdapter,
      options: {
        uiConfig: {
          boardTitle: 'Safekeep',
          hideDocsLink: true,
          boardLogo: { path: 'mark.svg', width: 24, height: 24 },
          favIcon: { default: 'mark.svg', alternative: 'mark.svg' },
          miscLinks: [
            { text: 'API', url: '/docs' },
            { text: 'Log out', url: `${BOARD}/logout` },
          ],
          ...(readOnly && { environment: { label: 'read-only', color: '#51606e', textColor: '#ffffff' } }),
        },
      },
    });
    return serverAdapter.getRouter();
  };
  return { readOnly: board(true), writable: board(false) };
}
