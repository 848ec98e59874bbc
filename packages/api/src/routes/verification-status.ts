import type { VerificationStatus } from '@safekeep/shared/contracts/verification';
import { readStorageState } from '@safekeep/shared/history/storage-findings';
import { listNewestVerifications } from '@safekeep/shared/history/verifications';
import type { Answer } from '../route.js';
import type { Services } from '../services.js';

/** The newest verification of each backup that is kept, and what the last inventories found. */
export async function readVerificationStatus({ pool }: Services): Promise<Answer<VerificationStatus>> {
  const backups = await listNewestVerifications(pool);
  const having = (status: string) =>
    backups.filter((backup) => backup.verification?.status === status).length;
  const counts = {
    passed: having('passed'),
    failed: having('failed'),
    error: having('error'),
    pending: having('queued') + having('running'),
    never: backups.filter((backup) => backup.verification === null).length,
  };
  return { body: { counts, backups, storage: await readStorageState(pool) } };
}
