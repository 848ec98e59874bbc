import { Secret } from '../../src/config/secret.js';
import { migrateHistory } from '../../src/history/migrate.js';

/** Migrates as a starting API or worker does, and prints what it applied. */
const [history = '', migrations] = process.argv.slice(2);
const applied = await migrateHistory({
  HISTORY_DATABASE_URL: new Secret(history),
  HISTORY_MIGRATIONS_URL: migrations === undefined ? undefined : new Secret(migrations),
});
process.stdout.write(JSON.stringify(applied));
