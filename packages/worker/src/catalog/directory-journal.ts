import type { Secret } from '@safekeep/shared/config/secret';
import type { BaseCandidate } from '@safekeep/shared/history/bases';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import type { BackupJournal, SequenceHead } from '../jobs/backup-journal.js';
import { readCatalog } from './read-catalog.js';

/**
 * The journal of a backup without history: what came before is read from the sidecars in the directory. Nobody else can
 * take its place, for it has none; its name is its own.
 */
export function directoryJournal(
  storage: BackupStorage,
  source: string,
  key: Secret,
  startedAt: Date,
): BackupJournal {
  const read = async () => {
    let head: SequenceHead | null = null;
    let lastSize: number | null = null;
    const bases: BaseCandidate[] = [];
    for await (const entry of readCatalog(storage, source, key)) {
      if (entry.kind !== 'authentic') continue;
      const { id, fileName, sequence, hmac, type, size } = entry.sidecar;
      if (sequence > (head?.sequence ?? 0)) head = { sequence, hmac };
      if (type === 'incremental') continue;
      lastSize = size;
      bases.push({ id, fileName, recordedHmac: hmac, failed: null });
    }
    return { head, lastSize, bases };
  };
  return {
    startedAt,
    now: async () => new Date(),
    lastSize: async () => (await read()).lastSize,
    nameFile: async () => {},
    // Read again: a worker may have published one while this backup was made.
    previous: async () => (await read()).head,
    baseCandidates: async () => (await read()).bases.toReversed(),
    holdBase: async () => true,
    confirm: async () => {},
  };
}
