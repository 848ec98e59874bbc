import { z } from 'zod';

/** A manifest of another version has other rules: an incremental that meets one is promoted. */
export const MANIFEST_VERSION = 1;

const text = z.string().min(1);
const count = z.int().nonnegative();
/** A sum of signed 64-bit numbers. */
const sum = z.string().regex(/^-?\d{1,30}$/, 'must be a decimal number');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');

/**
 * How a table's rows are put into chunks: `width_bucket(expression, bounds)`, where the expression is the column itself,
 * or, where its order may differ between servers, its text in the order of its bytes (`asText`).
 */
const chunking = z.strictObject({
  column: text,
  asText: z.boolean(),
  /** Of the bounds' elements, as format_type names it: `bigint`, `uuid`, `text` … */
  type: text,
  /** Literal of an array of that type, ascending; `{}` makes one chunk of the whole table. */
  bounds: z.string(),
});

/** Its number, its rows, and the two sums of the 64-bit hashes of its keys. */
const chunk = z.tuple([count, count, sum, sum]);

const key = z.strictObject({
  columns: z.array(z.strictObject({ name: text, /** `OPERATOR(pg_catalog.=)` */ equals: text })).min(1),
  chunking,
  /** Chunks without a row are left out. */
  chunks: z.array(chunk),
});

/** One table whose rows the base holds. */
export const manifestTable = z.strictObject({
  kind: z.literal('table'),
  schema: text,
  name: text,
  oid: z.int().positive(),
  /** pg_am.amname; only of `heap` an unchanged table can be told. */
  accessMethod: text,
  rows: count,
  /** Sum of the rows' hashes, as the fingerprint's before it is keyed. */
  sum,
  key: key.nullable(),
});

/** First line: what else an incremental compares. The snapshot's own facts are in the base's sidecar. */
export const manifestHead = z.strictObject({
  kind: z.literal('head'),
  version: z.literal(MANIFEST_VERSION),
  backupId: z.uuid(),
  /** Over pg_dump's definitions, the extensions and their configuration tables, and the numbers of all columns. */
  schemaHash: sha256,
  /**
   * Whether all that the snapshot saw was on the server's disk before the backup ended. A crash may take back commits that
   * were not, and give their transaction ids to others: such a base would hide changes.
   */
  durable: z.boolean(),
  largeObjects: z.strictObject({
    count,
    /** Comments and security labels. */
    remarks: count,
    /** Of pg_largeobject where the role may read it; where it may not, the sum over all contents. */
    pages: count.nullable(),
    sum: sum.nullable(),
  }),
});

/** Last line: a manifest without it is cut short. */
export const manifestEnd = z.strictObject({ kind: z.literal('end'), tables: count });

export type ManifestHead = z.infer<typeof manifestHead>;
export type ManifestTable = z.infer<typeof manifestTable>;
export type ManifestKey = z.infer<typeof key>;
export type Chunking = z.infer<typeof chunking>;
export type Chunk = z.infer<typeof chunk>;
