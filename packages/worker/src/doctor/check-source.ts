import type { Source } from '@safekeep/shared/config/sources';
import { chooseProgram, type PostgresPrograms } from '../postgres/program.js';
import { openSnapshot, type Snapshot } from '../postgres/snapshot.js';
import { compareClocks } from './clock.js';
import { type Diagnosis, ok, problem, warning } from './diagnosis.js';
import { fromError } from './from-error.js';

/** How long a locked catalogue is waited for, in milliseconds. */
const LOCK_TIMEOUT = 5_000;

/** What the role of a source may do there. */
interface Rights {
  /** Tables that pg_dump would want and may not read. */
  readonly unreadable: number;
  readonly rowSecurity: number;
  readonly largeObjects: number;
  readonly seesAllLargeObjects: boolean;
  readonly now: Date;
}

const RIGHTS = `
  WITH wanted AS (
    SELECT c.oid, c.relrowsecurity FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'S') AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  ), role AS (SELECT * FROM pg_catalog.pg_roles WHERE rolname = current_user)
  SELECT (SELECT count(*) FROM wanted WHERE NOT pg_catalog.has_table_privilege(oid, 'SELECT')) AS unreadable,
         (SELECT count(*) FROM wanted, role WHERE relrowsecurity AND NOT (rolsuper OR rolbypassrls)) AS "rowSecurity",
         (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata) AS "largeObjects",
         (SELECT rolsuper FROM role) OR current_setting('lo_compat_privileges')::bool AS "seesAllLargeObjects",
         clock_timestamp() AS now`;

/** The source answers, a pg_dump here can dump it, and its role may read all of it. */
export async function checkSource(source: Source, found: readonly PostgresPrograms[]): Promise<Diagnosis[]> {
  const subject = `source ${source.name}`;
  let snapshot: Snapshot | undefined;
  try {
    snapshot = await openSnapshot(source, LOCK_TIMEOUT);
    const asked = Date.now();
    const { rows } = await snapshot.client.query<Rights>(RIGHTS);
    const rights = rows[0] as Rights;
    const clock = compareClocks(subject, rights.now.getTime(), { asked, answered: Date.now() });
    return [
      judgeVersions(subject, source.name, snapshot.serverVersion, found),
      ...judgeRights(subject, rights),
      clock,
    ];
  } catch (error) {
    return [fromError(subject, error)];
  } finally {
    await snapshot?.close();
  }
}

function judgeVersions(
  subject: string,
  source: string,
  version: string,
  found: readonly PostgresPrograms[],
): Diagnosis {
  try {
    const programs = chooseProgram(found, { source, version });
    return ok(subject, `PostgreSQL ${version}, dumped with pg_dump ${programs.version}`);
  } catch (error) {
    return fromError(subject, error);
  }
}

export function judgeRights(subject: string, rights: Omit<Rights, 'now'>): Diagnosis[] {
  const found: Diagnosis[] = [];
  if (rights.unreadable > 0) {
    const hint = 'As a superuser of the source: GRANT pg_read_all_data TO <role>;';
    found.push(problem(subject, `its role may not read ${rights.unreadable} tables or sequences`, hint, 3));
  }
  if (rights.rowSecurity > 0) {
    const hint = 'As a superuser of the source: ALTER ROLE <role> BYPASSRLS;';
    found.push(problem(subject, `${rights.rowSecurity} tables hide rows from its role`, hint, 3));
  }
  if (rights.largeObjects > 0 && !rights.seesAllLargeObjects) {
    const hint = 'If others own large objects: ALTER ROLE <role> SET lo_compat_privileges = on;';
    found.push(warning(subject, `its role may not see all of ${rights.largeObjects} large objects`, hint));
  }
  return found.length > 0 ? found : [ok(subject, 'its role may read everything')];
}
