import { existsSync } from 'node:fs';
import { type ConnectionOptions, parse } from 'pg-connection-string';
import { Secret } from './secret.js';

/**
 * Takes a PostgreSQL URL apart as libpq does: with libpq's meaning of `sslmode` (`require` encrypts without checking
 * the certificate, `verify-full` checks it), and with every %-code of the database's name decoded (the library leaves
 * those of reserved characters such as `=` and `/` as they are).
 */
export function parsePostgresUrl(url: Secret): ConnectionOptions {
  const parsed = parse(url.reveal(), { useLibpqCompat: true });
  return { ...parsed, database: decodeURIComponent(new URL(url.reveal()).pathname.slice(1)) };
}

/** Tells what is wrong with a PostgreSQL URL without quoting it, or `null`. */
export function postgresUrlMistake(url: string): string | null {
  let parsed: URL;
  try {
    parsed = new URL(url);
    decodeURIComponent(parsed.pathname);
  } catch {
    return 'it is not a URL; it needs postgres://user:password@host:5432/database (special characters %-encoded)';
  }
  if (!/^postgres(ql)?:$/.test(parsed.protocol)) return 'it must start with postgres:// or postgresql://';
  if (parsed.pathname.length < 2)
    return 'it names no database; it needs postgres://user:password@host:5432/database';
  for (const name of ['sslrootcert', 'sslcert', 'sslkey']) {
    const path = parsed.searchParams.get(name);
    if (path !== null && path !== 'system' && !existsSync(path))
      return `the file of its ${name} does not exist`;
  }
  if (/%0a|%0d|%00/i.test(url)) return 'line breaks in a PostgreSQL URL are not supported';
  return null;
}

/** The same server, role and settings, with another database. */
export function withDatabase(url: Secret, database: string): Secret {
  const other = new URL(url.reveal());
  other.pathname = `/${encodeURIComponent(database)}`;
  return new Secret(other.href);
}

/** Whether two URLs lead to one server, as far as can be told without asking it. */
export function sameServer(left: Secret, right: Secret): boolean {
  const [a, b] = [left, right].map((url) => {
    const { host, port } = parsePostgresUrl(url);
    return `${(host ?? '').toLowerCase()} ${port ?? '5432'}`;
  });
  return a === b;
}
