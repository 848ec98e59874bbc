import { setTimeout as delay } from 'node:timers/promises';
import { slowTable } from '../../packages/worker/test/process/world.js';
import type { Random } from '../../packages/worker/test/property/random.js';
import { SOURCE_NAMES, SOURCES, type SoakWorld } from './soak-world.js';

/** A text of a row, that must stand nowhere outside of a backup. */
export const ROW_VALUE = 'soak-row-value-7d1c';

export async function makeSources({ faults }: SoakWorld): Promise<void> {
  for (const [at, name] of SOURCE_NAMES.entries()) {
    await faults.sql(
      SOURCES[name],
      `${slowTable(4_000 + 12_000 * at)}; ALTER TABLE scans ADD PRIMARY KEY (id);
       CREATE TABLE patients (id serial PRIMARY KEY, name text, seen int NOT NULL DEFAULT 0);
       INSERT INTO patients (name) SELECT '${ROW_VALUE} ' || g FROM generate_series(1, 3000) g;
       CREATE TABLE notes (note text)`,
    );
  }
}

/** Changes rows of all sources until `signal` aborts; a server that is away is asked again. */
export async function writeToSources(
  { faults }: SoakWorld,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const source = SOURCES[random.pick(SOURCE_NAMES)];
    const some = random.between(1, 40);
    await faults
      .sql(
        source,
        `UPDATE patients SET seen = seen + 1 WHERE id % ${some + 10} = 0; DELETE FROM patients WHERE id % 997 = ${some};
         INSERT INTO patients (name) SELECT '${ROW_VALUE} new ' || g FROM generate_series(1, ${some}) g;
         UPDATE scans SET pixels = reverse(pixels) WHERE id % 500 = ${some};
         INSERT INTO notes VALUES ('${ROW_VALUE}')`,
      )
      .catch(() => delay(500));
    await delay(random.between(100, 1_500), undefined, { signal }).catch(() => {});
  }
}
