import { z } from 'zod';

export const FORMAT_VERSION = 1;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');
const time = z.iso.datetime();
const text = z.string().min(1);
const digits = z.string().regex(/^\d{1,20}$/, 'must be a decimal number');
const count = z.int().nonnegative();

// Names are joined to directories by whoever reads a sidecar, so nothing but these shapes gets through.
const backupName = z.string().regex(/^(full|incremental|emergency)_backup_\d{8}_\d{6}\.pgdump\.enc\.gz$/);
const companionName = z
  .string()
  .regex(/^(full|incremental|emergency)_backup_\d{8}_\d{6}\.(globals\.sql|manifest)\.enc$/);

/** A backup sees the rows that this snapshot saw, on this server. */
const snapshot = z.strictObject({
  /** 64-bit transaction id: every transaction before it is in the backup. */
  xmin: digits,
  /** null where the server would not tell (pg_control_system() needs a right). */
  systemIdentifier: digits.nullable(),
  timeline: z.int().positive().nullable(),
  databaseOid: z.int().positive(),
  postmasterStartTime: text,
  inRecovery: z.boolean(),
});

const hash128 = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 digits of lower-case hex');
const hash64 = z.string().regex(/^[0-9a-f]{16}$/, 'must be 16 digits of lower-case hex');

const table = z.strictObject({ schema: text, name: text, rows: count, contentHash: hash128.optional() });

/** Kinds of things whose definitions a fingerprint knows. */
const OBJECT_KINDS = [
  'table',
  'constraint',
  'index',
  'view',
  'function',
  'trigger',
  'policy',
  'type',
] as const;

/**
 * What was in the snapshot beside the rows: enough to tell whether a restored copy is the same. The hashes here and in
 * `tables` are under a key of their own. Backups of earlier versions have none of it. No key may be called `checksum`,
 * and no name of the database may become a key.
 */
const fingerprint = z.strictObject({
  version: z.literal(1),
  /** The key of the hashes, sealed like the backup file, in base64. */
  sealedKey: z.base64(),
  largeObjectsHash: hash128,
  /** As the archive sets them. */
  sequences: z.array(
    z.strictObject({
      schema: text,
      name: text,
      lastValue: z.string().regex(/^-?\d{1,19}$/),
      isCalled: z.boolean(),
    }),
  ),
  extensions: z.array(z.strictObject({ name: text, version: text })),
  /** null where there were too many. */
  objects: z.array(z.strictObject({ kind: z.enum(OBJECT_KINDS), name: text, hash: hash64 })).nullable(),
});

/** What an incremental adds: which base it fits, and what its archive holds. */
const delta = z.strictObject({
  version: z.literal(1),
  base: z.strictObject({ fileName: backupName, /** Of the base's sidecar. */ hmac: sha256 }),
  /** The staging tables inside the archive. */
  staged: z.array(z.strictObject({ name: z.string().regex(/^[rk]\d+$/), rows: count })),
  /** Tables that differ from the base, with what of them is in the archive. */
  changed: z.array(
    z.strictObject({
      schema: text,
      name: text,
      mode: z.enum(['rows', 'whole']),
      newRows: count,
      /** Over the sums of the hashes of all keys; only for `rows`, whose content as a whole was not read. */
      keyHash: hash128.optional(),
    }),
  ),
  /** A hash of a constant by the server's hash function: where a copy's server gives another, its keys are not compared. */
  keyHashCanary: z.string().regex(/^-?\d{1,19}$/),
});

/** A further sealed file of the same backup. Its hash is not called `checksum`: that key occurs once. */
const companion = z.strictObject({
  kind: z.enum(['globals', 'manifest']),
  fileName: companionName,
  size: z.int().positive(),
  sha256,
});

const bodyFields = {
  formatVersion: z.literal(FORMAT_VERSION),
  id: z.uuid(),
  source: text,
  type: z.enum(['full', 'incremental', 'emergency']),
  baseId: z.uuid().nullable(),
  sequence: z.int().positive(),
  previousHmac: sha256.nullable(),
  fileName: backupName,
  startedAt: time,
  endedAt: time,
  size: z.int().positive(),
  checksum: sha256,
  archiveSize: z.int().positive(),
  postgresVersion: text,
  pgDumpVersion: text,
  database: text,
  // How the database stores text. Backups of earlier versions do not tell.
  encoding: text.optional(),
  collate: text.optional(),
  ctype: text.optional(),
  compression: z.string().regex(/^(none|(gzip|lz4|zstd):\d{1,2})$/),
  cipher: z.literal('aes-256-cbc-pbkdf2'),
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  snapshot,
  tables: z.array(table),
  largeObjects: count,
  fingerprint: fingerprint.optional(),
  companions: z.array(companion),
  delta: delta.optional(),
};

const baseRule = { path: ['baseId'], message: 'an incremental names its base, and nothing else does' };
const deltaRule = { path: ['delta'], message: 'an incremental has a delta, and nothing else does' };

/** What Safekeep knows about a finished backup; docs/BACKUP_FORMAT.md says what each field means. */
export const sidecarBodySchema = z
  .strictObject(bodyFields)
  .refine(namesItsBase, baseRule)
  .refine(hasItsDelta, deltaRule);

/** A body and the HMAC-SHA-256 over it, in hex. */
export const sidecarSchema = z
  .strictObject({ ...bodyFields, hmac: sha256 })
  .refine(namesItsBase, baseRule)
  .refine(hasItsDelta, deltaRule);

export type SidecarBody = z.infer<typeof sidecarBodySchema>;
export type Sidecar = z.infer<typeof sidecarSchema>;
export type ObjectKind = (typeof OBJECT_KINDS)[number];
export type SidecarFingerprint = z.infer<typeof fingerprint>;
export type SidecarDelta = z.infer<typeof delta>;

function namesItsBase(body: { type: string; baseId: string | null }): boolean {
  return (body.type === 'incremental') === (body.baseId !== null);
}

function hasItsDelta(body: { type: string; delta?: unknown }): boolean {
  return (body.type === 'incremental') === (body.delta !== undefined);
}
