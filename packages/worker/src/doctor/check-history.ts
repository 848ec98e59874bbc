import { keyId } from '@safekeep/archive/key';
import type { Secret } from '@safekeep/shared/config/secret';
import { ALL_SOURCES } from '@safekeep/shared/contracts/schedule';
import { countBackupsByKey, readSchema } from '@safekeep/shared/history/doctor-facts';
import { listMigrations } from '@safekeep/shared/history/migrate';
import { translateOutage } from '@safekeep/shared/history/outage';
import { listSchedules, type ScheduleRow } from '@safekeep/shared/history/schedules';
import { cronInForce } from '@safekeep/shared/policy/schedule';
import type pg from 'pg';
import { compareClocks } from './clock.js';
import { type Diagnosis, ok, problem, warning } from './diagnosis.js';
import { fromError } from './from-error.js';

/** History answers and is at this version's schema; the key opens what is stored; schedules run. */
export async function checkHistory(pool: pg.Pool, key: Secret): Promise<Diagnosis[]> {
  try {
    const asked = Date.now();
    const { applied, now } = await readSchema(pool);
    return [
      judgeSchema(applied, await listMigrations()),
      compareClocks('history', now.getTime(), { asked, answered: Date.now() }),
      ...judgeKeys(keyId(key.reveal()), await countBackupsByKey(pool)),
      judgeSchedules(await listSchedules(pool)),
    ];
  } catch (error) {
    return [fromError('history', translateOutage(error))];
  }
}

export function judgeSchema(applied: readonly string[], known: readonly string[]): Diagnosis {
  const missing = known.filter((name) => !applied.includes(name));
  const unknown = applied.filter((name) => !known.includes(name));
  if (missing.length > 0) {
    const hint = 'Start the API or a worker of this version once: they bring the tables up to date.';
    return problem('history', `its tables are ${missing.length} version(s) behind`, hint, 3);
  }
  if (unknown.length > 0) {
    const hint = 'A newer version of Safekeep has been here; run that version.';
    return problem('history', 'its tables are newer than this program', hint, 3);
  }
  return ok('history', 'reachable, tables up to date');
}

export function judgeKeys(
  ours: string,
  stored: readonly { readonly keyId: string; readonly backups: number }[],
): Diagnosis[] {
  const others = stored.filter(({ keyId: id }) => id !== ours);
  if (others.length === 0) return [ok('key', `id ${ours} opens every stored backup`)];
  return others.map(({ keyId: id, backups }) =>
    warning(
      'key',
      `${backups} stored backup(s) need another key, id ${id}`,
      'Keep that key as long as these files; without it nobody can restore them.',
    ),
  );
}

export function judgeSchedules(
  all: readonly Pick<ScheduleRow, 'source' | 'name' | 'envCron' | 'cron' | 'overridden' | 'paused'>[],
): Diagnosis {
  if (all.length === 0) {
    const hint = 'Start the API or a worker once; until then nothing runs by itself.';
    return problem('schedules', 'there are none yet', hint, 1);
  }
  const idle = all
    .filter((schedule) => schedule.paused || cronInForce(schedule) === null)
    .map(({ name, source }) => (source === ALL_SOURCES ? name : `${name} of ${source}`));
  if (idle.length === 0) return ok('schedules', `all ${all.length} are on`);
  return warning(
    'schedules',
    `off or paused: ${idle.join(', ')}`,
    'If that is not meant: PATCH /backup/schedules/:name',
  );
}
