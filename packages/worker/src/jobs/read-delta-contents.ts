import { openFingerprintKey } from '@safekeep/archive/fingerprint-key';
import type { Sidecar } from '@safekeep/archive/sidecar';
import { markObjects } from '../fingerprint/take-fingerprint.js';
import { deltaContents } from '../incremental/delta-contents.js';
import type { DeltaPlan } from '../incremental/delta-plan.js';
import type { DetectedTable } from '../incremental/detect-changes.js';
import { readKeyHashCanary } from '../incremental/read-keys.js';
import { readExtensions } from '../postgres/object-definitions.js';
import type { Snapshot } from '../postgres/snapshot.js';
import { queryFailure } from '../postgres/source-failure.js';

interface LookedAt {
  readonly snapshot: Snapshot;
  readonly base: Sidecar;
  readonly plan: DeltaPlan;
  readonly detected: readonly DetectedTable[];
}

/**
 * What the sidecar of an incremental says of its snapshot: what did not change as its base says it, the rest as it is now.
 *
 * @throws SafekeepError DUMP_FAILED, DUMP_REFUSED
 */
export async function readDeltaContents(
  { snapshot, base, plan, detected }: LookedAt,
  passphrase: string,
): Promise<ReturnType<typeof deltaContents>> {
  const { fingerprint } = base;
  if (fingerprint === undefined) throw new Error('a base with a manifest has no fingerprint');
  const key = await openFingerprintKey(fingerprint.sealedKey, passphrase);
  const { client } = snapshot;
  try {
    const extensions = await readExtensions(client);
    const objects = await markObjects(client, key);
    const canary = await readKeyHashCanary(client);
    return deltaContents({
      base: { ...base, fingerprint },
      plan,
      detected,
      key,
      extensions,
      objects,
      canary,
    });
  } catch (error) {
    throw queryFailure({ source: snapshot.source, phase: 'rows', table: null }, error);
  }
}
