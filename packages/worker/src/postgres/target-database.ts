import { withDatabase } from '@safekeep/shared/config/postgres-url';
import type { Secret } from '@safekeep/shared/config/secret';
import { clientOptions } from '@safekeep/shared/history/database';
import { errorCode } from '@safekeep/shared/logger';
import pg from 'pg';
import { targetFailure } from './target-failure.js';

/** The SQLSTATE of a login into a database that is not there. */
const NO_SUCH_DATABASE = '3D000';

/** How the source's database stores text; older sidecars do not tell. */
interface TextSettings {
  readonly encoding?: string | undefined;
  readonly collate?: string | undefined;
  readonly ctype?: string | undefined;
}

/** What the new database is like. */
interface CreatedDatabase {
  readonly collate: string;
  /** Whether text sorts as in the source; a server need not have the source's locale. */
  readonly sameLocale: boolean;
}

/**
 * Connects to the database of a URL, runs `work` and hangs up. The search path is empty: names must be qualified.
 * @throws SafekeepError TARGET_UNREACHABLE, TARGET_LOGIN_FAILED; or what `work` throws
 */
export async function onTarget<T>(url: Secret, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(url).catch((error: unknown) => {
    throw targetFailure('connect', error);
  });
  return hangingUp(client, work);
}

/**
 * The same for work that is about the server. Where the URL's own database is gone, and that may be why somebody restores,
 * the server's `postgres` stands in for it.
 */
export async function onServer<T>(url: Secret, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const elsewhere = (error: unknown) => {
    if (errorCode(error) !== NO_SUCH_DATABASE) throw error;
    return connect(withDatabase(url, 'postgres'));
  };
  const client = await connect(url)
    .catch(elsewhere)
    .catch((error: unknown) => {
      throw targetFailure('connect', error);
    });
  return hangingUp(client, work);
}

async function connect(url: Secret): Promise<pg.Client> {
  const client = new pg.Client({ ...clientOptions(url), connectionTimeoutMillis: 10_000 });
  // Without a listener a connection that breaks between two queries would end the process; the next query reports it.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(`SET search_path = ''; SET statement_timeout = 0; SET row_security = off`);
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

async function hangingUp<T>(client: pg.Client, work: (client: pg.Client) => Promise<T>): Promise<T> {
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * Creates an empty database from template0, with the encoding and locale of the source; where the server does not have
 * that locale, with its own, and else with C. `mark` becomes its comment, so that a successor can tell whose it is.
 *
 * @throws SafekeepError TARGET_REFUSED (also when the name is taken), TARGET_UNREACHABLE
 */
export async function createDatabase(
  client: pg.Client,
  name: string,
  text: TextSettings,
  mark: string,
): Promise<CreatedDatabase> {
  const collate = await createInFirstLocale(client, name, text);
  await markDatabase(client, name, mark);
  return { collate, sameLocale: text.collate === undefined || text.collate === collate };
}

async function createInFirstLocale(client: pg.Client, name: string, text: TextSettings): Promise<string> {
  const wanted = [`LC_COLLATE ${literal(text.collate)} LC_CTYPE ${literal(text.ctype)}`, '', `LOCALE 'C'`];
  const locales = text.collate === undefined || text.ctype === undefined ? wanted.slice(1) : wanted;
  const encoding = text.encoding === undefined ? '' : `ENCODING ${literal(text.encoding)}`;
  for (const [at, locale] of locales.entries()) {
    try {
      await client.query(
        `CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE template0 ${encoding} ${locale}`,
      );
      const { rows } = await client.query<{ collate: string }>(
        'SELECT datcollate AS collate FROM pg_catalog.pg_database WHERE datname = $1',
        [name],
      );
      return rows[0]?.collate ?? 'C';
    } catch (error) {
      const unknownLocale = /^(42809|22023)$/.test(errorCode(error));
      if (!unknownLocale || at === locales.length - 1) throw targetFailure('create the database', error);
    }
  }
  return 'C';
}

function literal(value: string | undefined): string {
  return pg.escapeLiteral(value ?? '');
}

/** Gives the session a name by which another one can find and end it. */
export async function nameSession(client: pg.Client, name: string): Promise<void> {
  await client.query(`SET application_name = ${pg.escapeLiteral(name)}`);
}

/** Sets or, with `null`, removes a database's comment. */
export async function markDatabase(client: pg.Client, name: string, mark: string | null): Promise<void> {
  const text = mark === null ? 'NULL' : pg.escapeLiteral(mark);
  await client
    .query(`COMMENT ON DATABASE ${pg.escapeIdentifier(name)} IS ${text}`)
    .catch((error: unknown) => Promise.reject(targetFailure('comment on the database', error)));
}

/** Gives a database to another role. */
export async function ownDatabase(client: pg.Client, name: string, owner: string): Promise<void> {
  await client
    .query(`ALTER DATABASE ${pg.escapeIdentifier(name)} OWNER TO ${pg.escapeIdentifier(owner)}`)
    .catch((error: unknown) => Promise.reject(targetFailure('change the owner of the database', error)));
}

/** A database's comment, `''` without one; `null` when there is no such database. */
export async function readMark(client: pg.Client, name: string): Promise<string | null> {
  const { rows } = await client.query<{ mark: string }>(
    `SELECT coalesce(pg_catalog.shobj_description(oid, 'pg_database'), '') AS mark
     FROM pg_catalog.pg_database WHERE datname = $1`,
    [name],
  );
  return rows[0]?.mark ?? null;
}

/**
 * Drops a database and whatever is connected to it; one that does not exist is no error. Only for databases that
 * Safekeep made.
 * @throws SafekeepError TARGET_REFUSED, TARGET_UNREACHABLE
 */
export async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  await client
    .query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`)
    .catch((error: unknown) => Promise.reject(targetFailure('drop the database', error)));
}

/** Objects that a database has from its birth have oids below this (FirstNormalObjectId). */
const FIRST_NORMAL_OID = 16_384;

/** Where a user's objects would be, and how they are called in messages. */
const CATALOGS: readonly (readonly [label: string, catalog: string])[] = [
  ['table(s), view(s) or sequence(s)', 'pg_class'],
  ['schema(s)', 'pg_namespace'],
  ['function(s)', 'pg_proc'],
  ['type(s)', 'pg_type'],
  ['extension(s)', 'pg_extension'],
  ['large object(s)', 'pg_largeobject_metadata'],
  ['foreign data wrapper(s)', 'pg_foreign_data_wrapper'],
  ['publication(s)', 'pg_publication'],
  ['event trigger(s)', 'pg_event_trigger'],
  ['operator(s)', 'pg_operator'],
];

/** What else of a catalogue is nobody's, or somebody's: large objects may have any oid. */
const CONDITIONS: Readonly<Record<string, string>> = {
  pg_namespace: `oid >= ${FIRST_NORMAL_OID} AND nspname !~ '^pg_(toast_)?temp_'`,
  pg_class: `oid >= ${FIRST_NORMAL_OID} AND relpersistence <> 't' AND relkind NOT IN ('i', 'I', 't')`,
  // Those of a table's rows, and arrays, come with another one.
  pg_type: `oid >= ${FIRST_NORMAL_OID} AND typtype <> 'c' AND typcategory <> 'A'`,
  pg_largeobject_metadata: 'true',
};

/**
 * What people have made in the database that `client` is connected to, such as `3 function(s)`; empty when it is as
 * CREATE DATABASE made it. Schemas of temporary tables do not count.
 */
export async function findContents(client: pg.Client): Promise<string[]> {
  const counts = CATALOGS.map(([, catalog]) => {
    const condition = CONDITIONS[catalog] ?? `oid >= ${FIRST_NORMAL_OID}`;
    return `(SELECT count(*) FROM pg_catalog.${catalog} WHERE ${condition})`;
  });
  const { rows } = await client.query<{ counts: string[] }>(
    `SELECT ARRAY[${counts.join(', ')}]::text[] AS counts`,
  );
  const found = rows[0]?.counts ?? [];
  return CATALOGS.flatMap(([label], at) => (found[at] === '0' ? [] : [`${found[at]} ${label}`]));
}
