import pg from 'pg';

/**
 * SQL: the hash of a row, 32 bytes. Its text is that of a PostgreSQL record of its columns (NULL and the empty string
 * differ in it, and no two rows share one), hashed in `encoding`, the source's.
 */
export function rowHash(values: string, encoding: string): string {
  return `sha256(convert_to(ROW(${values})::text, ${pg.escapeLiteral(encoding)}))`;
}

/** SQL: the first 64 bits of the hash that the column `h` holds, as a number; NULL of NULL. */
export const HASH_NUMBER = [56, 48, 40, 32, 24, 16, 8, 0]
  .map((shift, at) => `(get_byte(h, ${at})::int8 << ${shift})`)
  .join(' | ');
