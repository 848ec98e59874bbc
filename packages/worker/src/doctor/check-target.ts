import type { Secret } from '@safekeep/shared/config/secret';
import { onServer } from '../postgres/target-database.js';
import { type Diagnosis, ok, problem } from './diagnosis.js';
import { fromError } from './from-error.js';

/** Recovery tests and restores make databases: may the role do that? */
export async function checkTarget(subject: string, url: Secret, variable: string): Promise<Diagnosis[]> {
  try {
    const may = await onServer(url, async (client) => {
      const { rows } = await client.query<{ may: boolean }>(
        'SELECT rolsuper OR rolcreatedb AS may FROM pg_catalog.pg_roles WHERE rolname = current_user',
      );
      return rows[0]?.may === true;
    });
    if (may) return [ok(subject, 'its role may create databases')];
    const hint = `GRANT it: ALTER ROLE <role> CREATEDB; or set ${variable} to a server and role that may.`;
    return [problem(subject, 'its role may not create databases, so nothing can be restored there', hint, 3)];
  } catch (error) {
    return [fromError(subject, error)];
  }
}
