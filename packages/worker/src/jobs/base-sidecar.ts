import type { Sidecar } from '@safekeep/archive/sidecar';
import type { Secret } from '@safekeep/shared/config/secret';
import { SafekeepError } from '@safekeep/shared/errors';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import { authenticateSidecar, DistrustError, distrust, readSidecarText } from './stored-backup.js';

/** What a look at the base of an incremental needs. */
interface BaseLook {
  readonly storage: BackupStorage;
  readonly encryptionKey: Secret;
  /** When retention removed the base, as history knows it; `null` when it did not. */
  readonly baseDisposedAt: Date | null;
}

/**
 * Reads the sidecar of the backup that an incremental builds on; `null` for a backup that needs no other. The incremental's
 * authentic sidecar says which one that is, to the last byte: another backup under its name, or an older sidecar of the very
 * one, is refused.
 *
 * @throws DistrustError with the verdict `base`
 */
export async function readBaseSidecar(look: BaseLook, increment: Sidecar): Promise<Sidecar | null> {
  const { baseId, delta } = increment;
  if (baseId === null || delta === undefined) return null;
  const { fileName, hmac } = delta.base;
  if (look.baseDisposedAt !== null) {
    throw distrust(
      'base',
      `its base ${fileName} was removed by retention at ${look.baseDisposedAt.toISOString()}`,
    );
  }
  try {
    const base = authenticateSidecar(
      await readSidecarText(look.storage, fileName),
      fileName,
      look.encryptionKey,
    );
    if (base.source !== increment.source)
      throw distrust('sidecar', `it belongs to the source ${base.source}`);
    if (base.id !== baseId || base.fileName !== fileName) throw distrust('sidecar', 'it is another backup');
    if (base.hmac !== hmac) {
      throw distrust('sidecar', 'its sidecar is authentic, but not the one that the incremental was made on');
    }
    if (base.type === 'incremental') throw distrust('sidecar', 'it is an incremental itself');
    return base;
  } catch (error) {
    return asBase(fileName)(error);
  }
}

/** Turns a fault of a base into one of the incremental that builds on it. */
export function asBase(fileName: string) {
  return (error: unknown): never => {
    // An incremental has the key of its base: a base of another key is another file.
    if (error instanceof SafekeepError && error.code === 'KEY_UNKNOWN') {
      throw distrust('base', `its base ${fileName} is not the one it was made on: it has another key`);
    }
    if (!(error instanceof DistrustError)) throw error;
    const { verdict, reason } = error.distrust;
    throw distrust('base', `its base ${fileName} is not as it was (${verdict}): ${reason}`);
  };
}
