import pg from 'pg';
import type { KeyColumn } from '../postgres/scannable-tables.js';

type HashedColumn = Pick<KeyColumn, 'name' | 'type' | 'builtin'>;

/** Any number but 0, for which PostgreSQL's functions take a short cut. */
const SEED = '5381';

/**
 * SQL: a 64-bit hash of a row's key. The hash of each column seeds that of the next, so that exchanging values between keys
 * changes the sum of their hashes. It is compared only where one and the same server computes it, or one with the same
 * canary.
 */
export function keyHash(columns: readonly HashedColumn[]): string {
  return columns.reduce((seed, column) => hashed(column, seed), SEED);
}

/** SQL: another hash, of what `keyHash` gave as the column `k`; a relation between sums of the one is none of the other. */
export const SECOND_HASH = 'hashint8extended(k, (k >> 32) # k)';

/** SQL: where a server gives another value, its key hashes are other ones. */
export const KEY_HASH_CANARY = `hashint8extended(hashtextextended('Safekeep', hashfloat8extended(0.5,
  uuid_hash_extended('5afe6eef-0000-4000-8000-00000000cafe', ${SEED}))), ${SEED})`;

function hashed({ name, type, builtin }: HashedColumn, seed: string): string {
  const column = pg.escapeIdentifier(name);
  // The text of a type is its output function's, whatever casts somebody made.
  if (!builtin) return `hashtextextended(ROW(${column})::text COLLATE "C", ${seed})`;
  switch (type) {
    case 'smallint':
    case 'integer':
    case 'oid':
      return `hashint8extended(${column}::int8, ${seed})`;
    case 'bigint':
      // PostgreSQL folds a bigint's halves into one before it hashes them: one half seeds it, too.
      return `hashint8extended(${column}::int8, ${seed} # (${column} >> 32))`;
    case 'uuid':
      return `uuid_hash_extended(${column}::uuid, ${seed})`;
    case 'timestamp without time zone':
    case 'timestamp with time zone':
      return `hashfloat8extended(date_part('epoch', ${column}), ${seed}${fineTime(column)})`;
    default:
      return `hashtextextended((${column})::text COLLATE "C", ${seed})`;
  }
}

/** Seconds as a float8 tell microseconds apart for two and a half centuries around 1970; beyond, these are added. */
function fineTime(column: string): string {
  return ` # CASE WHEN ${column} BETWEEN '1750-01-01' AND '2190-01-01' THEN 0
    ELSE coalesce(date_part('microseconds', ${column})::int8, 0) END`;
}
