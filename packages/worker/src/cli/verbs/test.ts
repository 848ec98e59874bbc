import type { Verification } from '@safekeep/shared/contracts/verification';
import { findVerification, listUnverified } from '@safekeep/shared/history/verifications';
import { requestVerification } from '@safekeep/shared/queues/request-verification';
import { chosenSources } from '../chosen-sources.js';
import { knownBackup } from '../known-backup.js';
import { print, table } from '../print.js';
import { exitCodeOfError, hintOf } from '../recorded-error.js';
import type { CliSession } from '../session.js';
import { warnOfFindings } from '../storage-warnings.js';
import { watchJob } from '../watch-job.js';

/**
 * `backup.sh test [id]`: verifies one backup, or all that no verification has judged yet. Exits with 5 when one failed.
 * (The queue is called `verify`; the verb `verify` is the recovery test's.)
 */
export async function testVerb(session: CliSession, id?: string): Promise<number> {
  const ids = id === undefined ? await unverified(session) : [(await knownBackup(session, id)).id];
  const accepted: Verification[] = [];
  for (const backup of ids) accepted.push(await accept(session, backup));
  if (session.options.wait === false) {
    print(session.options, accepted, () => `queued ${accepted.length} verification(s)`);
    return 0;
  }
  const ended: Verification[] = [];
  for (const verification of accepted) {
    const doing = `verifying ${verification.backupId}`;
    ended.push(await watchJob(session, verification, doing, (row) => findVerification(session.pool, row)));
  }
  print(session.options, ended, () => summary(ended));
  await warnOfFindings(session);
  if (ended.some((verification) => verification.status === 'failed')) return 5;
  const unable = ended.find((verification) => verification.status === 'error');
  return unable === undefined ? 0 : exitCodeOfError(unable.errorCode);
}

async function unverified(session: CliSession): Promise<string[]> {
  const names = chosenSources(session.config.sourceNames, session.options);
  const ids = await Promise.all(names.map((name) => listUnverified(session.pool, name)));
  return ids.flat();
}

async function accept(session: CliSession, backup: string): Promise<Verification> {
  const deps = { pool: session.pool, producer: session.producer() };
  return requestVerification(deps, { backupId: backup, via: 'cli', actor: session.actor, note: null });
}

function summary(ended: readonly Verification[]): string {
  if (ended.length === 0) return 'nothing left to verify';
  const rows = ended.map(({ backupId: backup, status, verdict, reason }) => [
    backup,
    status,
    verdict ?? '',
    reason ?? '',
  ]);
  const codes = new Set(ended.map(({ errorCode }) => errorCode));
  return table(['backup', 'status', 'verdict', 'why'], rows) + [...codes].map(hintOf).join('');
}
