/** Started by services.test.ts: starts both servers, prints their process ids and ends as its argument says. */
import { join } from 'node:path';
import { startPostgres } from '../services/postgres.js';
import { startRedis } from '../services/redis.js';
import { scratchFolder } from '../services/scratch-folder.js';

const folder = await scratchFolder('safekeep-test');
const postgres = await startPostgres({ directory: join(folder, 'postgres') });
const redis = await startRedis({ directory: join(folder, 'redis') });
process.stdout.write(JSON.stringify({ pids: [postgres.pid, redis.pid], folder }));

const ending = process.argv[2];
if (ending === 'exception') throw new Error('as the test asks');
if (ending === 'SIGKILL') process.kill(process.pid, 'SIGKILL');
