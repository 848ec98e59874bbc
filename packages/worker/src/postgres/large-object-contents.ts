import type pg from 'pg';

/** How many large objects there are, and the sum of the 64-bit hashes of them and their pieces. */
export interface LargeObjectContents {
  readonly count: number;
  readonly sum: string;
}

/** Bytes of a large object that are read at once. */
const PIECE = 1024 * 1024;

/**
 * Reads all large objects in the client's transaction, piece by piece: their size together has no bound. A piece's hash
 * is the first 64 bits of the SHA-256 of `oid:number:` and its bytes; a last piece may be empty, so an empty object has one.
 */
export async function readLargeObjectContents(client: pg.ClientBase): Promise<LargeObjectContents> {
  const piece = (number: string) =>
    `(SELECT lo_get(oid, ${number} * ${PIECE}::int8, ${PIECE}) AS bytes OFFSET 0) p`;
  const hash = (number: string) =>
    `sha256(convert_to(oid || ':' || ${number} || ':', 'UTF8') || bytes) AS h, length(bytes) = ${PIECE} AS more`;
  const { rows } = await client.query<LargeObjectContents>(`
    WITH RECURSIVE pieces AS (
      SELECT oid, 0::int8 AS number, ${hash('0')} FROM pg_largeobject_metadata, LATERAL ${piece('0')}
      UNION ALL
      SELECT oid, number + 1, ${hash('(number + 1)')} FROM pieces, LATERAL ${piece('(number + 1)')} WHERE more
    )
    SELECT (SELECT count(*) FROM pg_largeobject_metadata) AS count,
      (SELECT coalesce(sum(('x' || encode(substr(h, 1, 8), 'hex'))::bit(64)::int8), 0)::text FROM pieces) AS sum`);
  return rows[0] as LargeObjectContents;
}
