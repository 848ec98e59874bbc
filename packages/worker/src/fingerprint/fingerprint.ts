import { openFingerprintKey } from '@safekeep/archive/fingerprint-key';
import type { Sidecar } from '@safekeep/archive/sidecar';
import type { ObjectKind } from '@safekeep/archive/sidecar-schema';
import type { Extension } from '../postgres/object-definitions.js';
import type { SequenceValue } from '../postgres/sequence-values.js';

export interface TableMark {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  /** Absent in backups of earlier versions. */
  readonly contentHash?: string | undefined;
}

export interface ComparedTable extends TableMark {
  /** Of all keys; where an incremental stored changed rows, which do not tell the content of all. */
  readonly keyHash?: string | undefined;
}

export interface ObjectMark {
  readonly kind: ObjectKind;
  readonly name: string;
  readonly hash: string;
}

/** What a database held at one moment, in a form that two of them can be compared by. No row value is in it. */
export interface Fingerprint {
  /** Such as `15.18`: major versions print definitions differently. */
  readonly serverVersion: string;
  readonly tables: readonly ComparedTable[];
  /** Of the server that hashed the keys; only where another one's is equal its key hashes mean the same. `null` where no keys count. */
  readonly keyHashCanary: string | null;
  readonly largeObjects: { readonly count: number; readonly hash: string | null };
  /** `null` here and below: not known. */
  readonly sequences: readonly SequenceValue[] | null;
  readonly extensions: readonly Extension[] | null;
  readonly objects: readonly ObjectMark[] | null;
}

/** How the fingerprint of a copy must be taken to be comparable with a backup's. */
export interface FingerprintTerms {
  readonly key: Buffer;
  /** Of the source's database; rows are hashed as their text in it. */
  readonly encoding: string;
}

/** The fingerprint that an authenticated sidecar vouches for. */
export function expectedFingerprint(sidecar: Sidecar): Fingerprint {
  const { fingerprint, delta } = sidecar;
  const keys = new Map(delta?.changed.map(({ schema, name, keyHash }) => [tableKey(schema, name), keyHash]));
  return {
    serverVersion: sidecar.postgresVersion,
    tables: sidecar.tables.map((table) => {
      const keyHash = keys.get(tableKey(table.schema, table.name));
      return keyHash === undefined ? table : { ...table, keyHash };
    }),
    keyHashCanary: delta?.keyHashCanary ?? null,
    largeObjects: { count: sidecar.largeObjects, hash: fingerprint?.largeObjectsHash ?? null },
    sequences: fingerprint?.sequences ?? null,
    extensions: fingerprint?.extensions ?? null,
    objects: fingerprint?.objects ?? null,
  };
}

function tableKey(schema: string, name: string): string {
  return JSON.stringify([schema, name]);
}

/** `null` for a backup of an earlier version, which has no hashes. */
export async function fingerprintTerms(
  sidecar: Sidecar,
  passphrase: string,
): Promise<FingerprintTerms | null> {
  if (sidecar.fingerprint === undefined) return null;
  const key = await openFingerprintKey(sidecar.fingerprint.sealedKey, passphrase);
  return { key, encoding: sidecar.encoding ?? 'UTF8' };
}
