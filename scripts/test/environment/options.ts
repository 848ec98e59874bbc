import type { EnvironmentName } from '../../../packages/shared/src/config/schema.js';
import { apiOptions } from './api-options.js';
import { backupsOptions } from './backups-options.js';
import { databasesOptions } from './databases-options.js';
import { notificationsOptions } from './notifications-options.js';
import type { Option } from './option.js';
import { schedulesOptions } from './schedules-options.js';
import type { World } from './world.js';

/** A row for every variable of the schema; without one the types do not fit. */
export function optionsOf(world: World): Record<EnvironmentName, Option> {
  return {
    ...databasesOptions(world),
    ...backupsOptions(world),
    ...apiOptions(world),
    ...notificationsOptions(world),
    ...schedulesOptions(),
  };
}
