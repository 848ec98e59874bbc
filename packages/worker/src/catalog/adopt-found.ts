import type { Sidecar } from '@safekeep/archive/sidecar';
import type { Actor } from '@safekeep/shared/audit/audit';
import type { Secret } from '@safekeep/shared/config/secret';
import { adoptBackup, type FoundBackup, listFileNames } from '@safekeep/shared/history/adoption';
import { readName } from '@safekeep/shared/storage/backup-names';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import type pg from 'pg';
import { resultOf } from '../jobs/sidecar-body.js';
import { gapsOf, type Link } from './chain-gaps.js';
import { type CatalogEntry, readCatalog } from './read-catalog.js';

/** What a look at a source's sidecars came to. */
export interface AdoptionSummary {
  readonly source: string;
  /** File names of the backups that history did not know and knows now. */
  readonly adopted: readonly string[];
  /** How many it knew already. */
  readonly known: number;
  /** Adopted as `missing`: the sidecar is there, its backup file is not. */
  readonly missing: readonly string[];
  /** Adopted, though the backup that they build on is not there: they restore nothing before it is. */
  readonly withoutBase: readonly string[];
  /** Adopted as `missing`, for what stands under the file's name is no ordinary file or not of the size that the sidecar says. */
  readonly strange: readonly string[];
  /** Sidecars that were not believed, and authentic ones that could not be taken in. */
  readonly rejected: readonly { readonly name: string; readonly reason: string }[];
  /** Where the chain of sidecars has holes, in sentences. */
  readonly gaps: readonly string[];
}

interface Adoption {
  readonly pool: pg.Pool;
  readonly storage: BackupStorage;
  readonly source: string;
  readonly encryptionKey: Secret;
  readonly actor: Actor;
}

/** Takes every authentic backup of a directory into history that is not there yet. */
export async function adoptAll(adoption: Adoption): Promise<AdoptionSummary> {
  const { storage, source, encryptionKey } = adoption;
  return adoptFrom(adoption, readCatalog(storage, source, encryptionKey));
}

/**
 * Takes in only what stands under a file name that history has not seen: emergency backups, and what a history that was set
 * back to an older copy has forgotten.
 *
 * @param passOver names of files that were rejected before
 */
export async function adoptUnknown(
  adoption: Adoption,
  passOver: ReadonlySet<string>,
): Promise<AdoptionSummary> {
  const { pool, storage, source, encryptionKey } = adoption;
  const names = await listFileNames(pool, source);
  const wanted = (data: string) => !names.has(data) && !passOver.has(`${data}.meta`);
  return adoptFrom(adoption, readCatalog(storage, source, encryptionKey, wanted));
}

async function adoptFrom(
  { pool, source, actor }: Adoption,
  entries: AsyncIterable<CatalogEntry>,
): Promise<AdoptionSummary> {
  const taken = { present: [] as string[], missing: [] as string[], strange: [] as string[] };
  const rejected: { name: string; reason: string }[] = [];
  const withoutBase: string[] = [];
  const links: Link[] = [];
  let known = 0;
  for await (const entry of entries) {
    if (entry.kind === 'rejected') {
      rejected.push(entry);
      continue;
    }
    const { fileName } = entry.sidecar;
    links.push(entry.sidecar);
    const adoption = await adoptBackup(pool, foundIn(entry), actor);
    if (adoption === 'known') known += 1;
    else taken[entry.file].push(fileName);
    if (adoption === 'adopted-without-base') withoutBase.push(fileName);
  }
  const { present: adopted, missing, strange } = taken;
  return { source, adopted, known, missing, withoutBase, strange, rejected, gaps: gapsOf(links) };
}

/** A backup as its authenticated sidecar tells it. */
export function foundIn({ sidecar, file }: Extract<CatalogEntry, { kind: 'authentic' }>): FoundBackup {
  const { id, source, type } = sidecar;
  const result = resultOf(sidecar);
  return { id, source, type, base: baseOf(sidecar), result, present: file === 'present' };
}

/** The base of an incremental, as far as its own sidecar tells. */
function baseOf({ baseId, delta, startedAt }: Sidecar): FoundBackup['base'] {
  if (baseId === null || delta === undefined) return null;
  const { fileName, hmac } = delta.base;
  const told = readName(fileName) ?? { type: 'full', startedAt: new Date(startedAt) };
  return { id: baseId, ...told, fileName, hmac };
}
