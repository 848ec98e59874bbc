import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import { sqlstateOf } from './diagnose.js';

/** What a pg_restore was asked to bring back beside definitions and rows; it decides which errors matter. */
export interface RestoreAsked {
  readonly owners: boolean;
  readonly privileges: boolean;
}

/**
 * Why an error of pg_restore does not make the copy a wrong one:
 * `setting-unknown` a newer pg_restore sets a timeout that an older server does not know; `there-already` every new
 * database has the schema `public` and the language `plpgsql`; `comment` only an owner may comment on an extension or
 * on `public`; `role-missing` a policy names a role that the server does not have, and roles were not asked for; `right`
 * the restoring role may not make publications, event triggers or security labels.
 */
export type Harmless = 'setting-unknown' | 'there-already' | 'comment' | 'role-missing' | 'right';

/** One error of pg_restore: SQLSTATE and object, and nothing of its text, which quotes row values. */
export interface RestoreMessage {
  /** `null` when the error is a real one. */
  readonly harmless: Harmless | null;
  readonly sqlstate: string | null;
  /** The entry that failed, such as `TABLE DATA public.patients`; `null` before the first and after the last. */
  readonly object: string | null;
}

/** SQLSTATEs by the fixed part of a message (LC_ALL=C; names after PostgreSQL's errcodes.txt). */
const MESSAGES: readonly (readonly [RegExp, string])[] = [
  [/duplicate key value violates unique|could not create unique index/, '23505'],
  [/violates foreign key constraint/, '23503'],
  [/violates check constraint|is violated by some row/, '23514'],
  [/violates not-null constraint|contains null values/, '23502'],
  [/unrecognized configuration parameter/, '42704'],
  [/must be (owner|member|superuser)|must be able to SET ROLE|permission denied|must have/i, '42501'],
  [/^schema ".*" already exists/, '42P06'],
  [/^relation ".*" already exists/, '42P07'],
  [/^function .* already exists/, '42723'],
  [/already exists/, '42710'],
  [/^relation ".*" does not exist/, '42P01'],
  [/^schema ".*" does not exist/, '3F000'],
  [/^function .* does not exist/, '42883'],
  [/^column .* does not exist/, '42703'],
  [/^(role|type|collation|operator class|language|publication) .* does not exist/, '42704'],
  [/^extension ".*" is not available/, '0A000'],
  [/could not open extension control file|could not access file/, '58P01'],
  [/security label provider/, '22023'],
  [/invalid byte sequence for encoding/, '22021'],
  [/has no equivalent in encoding/, '22P05'],
  [/invalid input syntax|malformed/, '22P02'],
  [/syntax error at/, '42601'],
];

/** The SQLSTATE of a server's message without its `ERROR:  `, `null` when it is not known. An increment's own says it first. */
export function restoreSqlstate(message: string): string | null {
  const own = /^(SK\d{3}): /.exec(message)?.[1];
  if (own !== undefined) return own;
  return MESSAGES.find(([pattern]) => pattern.test(message))?.[1] ?? sqlstateOf(message);
}

interface Judged {
  readonly message: string;
  readonly entry: TocEntry | null;
  readonly initializing: boolean;
}

const NEEDS_SUPERUSER = /^(EVENT TRIGGER|PUBLICATION.*|SECURITY LABEL)$/;
const BY_OTHERS = /^(EXTENSION .*|SCHEMA "?public"?|LANGUAGE plpgsql)$/;

/** Decides whether an error leaves the copy as it should be. Whatever is not known for harmless is a real one. */
export function judge({ message, entry, initializing }: Judged, asked: RestoreAsked): Harmless | null {
  if (entry === null) {
    const timeout = /^unrecognized configuration parameter "\w+_timeout"/.test(message);
    return initializing && timeout ? 'setting-unknown' : null;
  }
  const sqlstate = restoreSqlstate(message);
  const { desc, tag } = entry;
  if (desc === 'SCHEMA' && tag === 'public' && sqlstate === '42P06') return 'there-already';
  if (desc === 'PROCEDURAL LANGUAGE' && tag === 'plpgsql' && sqlstate === '42710') return 'there-already';
  if (desc === 'COMMENT' && BY_OTHERS.test(tag) && sqlstate === '42501') return 'comment';
  if (desc === 'POLICY' && /^role ".*" does not exist/.test(message) && !asked.owners) return 'role-missing';
  if (NEEDS_SUPERUSER.test(desc) && sqlstate === '42501') return 'right';
  if (desc === 'SECURITY LABEL' && sqlstate === '22023') return 'right';
  return null;
}

/** How an object of the archive is called in messages. */
export function objectOf(entry: TocEntry): string {
  const name = entry.namespace === null ? entry.tag : `${entry.namespace}.${entry.tag}`;
  return name === '' ? entry.desc : `${entry.desc} ${name}`;
}
