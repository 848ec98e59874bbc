import { QUEUE_PREFIX } from '../../../packages/shared/src/queues/contracts.js';
import type { OptionRows } from './option.js';
import { recoveryTest, restoredDatabase } from './proofs.js';
import type { World } from './world.js';

/** Where history, queue, sources and copies are. */
export function databasesOptions(world: World) {
  return {
    HISTORY_DATABASE_URL: {
      values: [world.postgresUrl('history_first'), world.postgresUrl('history_second', 'application')],
      look: async ({ backup }) => {
        const found = ['history_first', 'history_second'].map(
          async (database) =>
            (await world.sql(database, 'SELECT FROM backups WHERE id = $1', [backup.id])).length,
        );
        return Promise.all(found);
      },
      sees: [
        [1, 0],
        [0, 1],
      ],
    },
    HISTORY_MIGRATIONS_URL: {
      values: [undefined, world.postgresUrl('history_second', 'migrator')],
      look: async ({ history }) => {
        const [table] = await world.sql<{ tableowner: string }>(
          history,
          `SELECT tableowner FROM pg_tables WHERE tablename = 'backups'`,
        );
        return table?.tableowner;
      },
      sees: ['safekeep_super', 'migrator'],
    },
    REDIS_URL: {
      values: [world.redisUrl(0), world.redisUrl(1)],
      look: ({ backup }) =>
        Promise.all(
          [0, 1].map((database) => world.redisHas(database, `${QUEUE_PREFIX}:backup:${backup.id}`)),
        ),
      sees: [
        [true, false],
        [false, true],
      ],
    },
    SOURCE_DATABASE_URL: {
      values: [world.postgresUrl('clinic'), world.postgresUrl('surgery')],
      look: async (installation) => {
        const tables = installation.sidecar().tables.map(({ name }: { name: string }) => name);
        return tables.filter((name: string) => ['beds', 'knives'].includes(name));
      },
      sees: [['beds'], ['knives']],
    },
    SOURCES_FILE: {
      values: [world.sourcesFile('lab'), world.sourcesFile('lab', 'ward')],
      look: async (installation) =>
        (await installation.ask('POST', '/backup/full', { source: 'ward' })).status,
      sees: [422, 202],
    },
    SCRATCH_DATABASE_URL: {
      values: [undefined, world.postgresUrl('postgres', 'scratch_role')],
      look: async (installation) => {
        const { id } = await recoveryTest(installation);
        return world.rolesThatRan(`Safekeep recovery test ${id}`);
      },
      sees: [['safekeep_super'], ['scratch_role']],
    },
    RESTORE_DATABASE_URL: {
      values: [undefined, world.postgresUrl('postgres', 'restore_role')],
      look: async (installation) => {
        const name = await restoredDatabase(installation);
        const [made] = await world.sql(
          'postgres',
          'SELECT datdba::regrole AS owner FROM pg_database WHERE datname = $1',
          [name],
        );
        return made?.owner;
      },
      sees: ['safekeep_super', 'restore_role'],
    },
  } as const satisfies OptionRows;
}
