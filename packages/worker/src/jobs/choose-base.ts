import type { Secret } from '@safekeep/shared/config/secret';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import { type Promotion, promotion } from '../incremental/promotion.js';
import type { BackupJournal } from './backup-journal.js';
import { type OpenBase, openBase } from './open-base.js';

interface BaseSearch {
  readonly storage: BackupStorage;
  readonly journal: BackupJournal;
  readonly encryptionKey: Secret;
}

/** The newest usable base, open and held against retention; or why there is none. */
export async function chooseBase(search: BaseSearch, signal: AbortSignal): Promise<OpenBase | Promotion> {
  const { journal, storage, encryptionKey } = search;
  let newest: string | null = null;
  for (const candidate of await journal.baseCandidates()) {
    const base = await openBase(storage, candidate, encryptionKey, signal);
    if (typeof base === 'string') {
      newest ??= `The newest full backup, ${candidate.fileName}, cannot be built on: ${base}.`;
      continue;
    }
    if (await journal.holdBase(candidate.id)) return base;
    await base.close();
    newest ??= `The newest full backup, ${candidate.fileName}, is gone.`;
  }
  if (newest === null) return promotion('no-base', 'There is no full backup to build on yet.');
  return promotion('base-unusable', newest);
}
