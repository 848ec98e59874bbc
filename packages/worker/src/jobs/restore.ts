import { sameServer, withDatabase } from '@safekeep/shared/config/postgres-url';
import type { Secret } from '@safekeep/shared/config/secret';
import type { Restore, RestoreProgress } from '@safekeep/shared/contracts/restore';
import { fail } from '@safekeep/shared/errors';
import type { RestoreResult } from '@safekeep/shared/history/restores';
import { errorCode, type Logger } from '@safekeep/shared/logger';
import { type Comparison, compareFingerprints } from '../fingerprint/compare-fingerprints.js';
import { fingerprintTerms } from '../fingerprint/fingerprint.js';
import { fingerprintCopy } from '../fingerprint/fingerprint-copy.js';
import { libpqAccess } from '../postgres/libpq-environment.js';
import { chooseRestoreProgram, findPrograms, type PostgresPrograms } from '../postgres/program.js';
import { requireCompression } from '../postgres/require-compression.js';
import type { RestoreMessage } from '../postgres/restore-messages.js';
import { onServer } from '../postgres/target-database.js';
import { readTargetFacts, type TargetFacts } from '../postgres/target-facts.js';
import { type CheckedChain, openCheckedChain, type StoredChain } from './checked-chain.js';
import { restoreChain } from './restore-chain.js';
import { RestoreMeter } from './restore-meter.js';
import { judgeTarget } from './restore-preflight.js';
import { makeMissingRoles, readBackedUpRoles } from './restore-roles.js';
import { type RestoreScope, scopeOf } from './restore-scope.js';
import { dropOurs, giveAway, makeDatabase, markOf, tellWhatIsLeft } from './restore-target.js';
import { isPassedOver, warningsOf } from './restore-warnings.js';

interface RestoreSettings {
  readonly logger: Logger;
  /** Server and role to restore with; its database is where to connect to make databases. */
  readonly server: Secret;
  /** The source's own URL, `null` when the source is not configured any more. */
  readonly source: Secret | null;
  readonly history: Secret;
  readonly programDirectories: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

interface RestoreJob {
  readonly restore: Pick<Restore, 'id' | 'targetDatabase' | 'tables' | 'withRoles' | 'withGrants'>;
  readonly stored: StoredChain;
  /** Of the run; tells what this attempt made from what another one did. */
  readonly token: number;
  readonly onProgress: (progress: RestoreProgress) => void;
}

/** A job whose backup was checked and whose target was looked at. */
interface Prepared extends RestoreJob {
  readonly settings: RestoreSettings;
  readonly chain: CheckedChain;
  readonly programs: PostgresPrograms;
  readonly scope: RestoreScope;
  readonly facts: TargetFacts;
  readonly meter: RestoreMeter;
  readonly warnings: string[];
  /** Errors of pg_restore that were judged harmless. */
  readonly passedOver: RestoreMessage[];
}

/**
 * Restores one stored backup, an incremental with its base: sidecar, size and hash of each file → preflight, every problem at once →
 * roles → a new database (or an empty one) → pg_restore, of an incremental once more → comparison with the sidecar. Until the
 * preflight is passed nothing is touched. What fails later drops the database that it made; one that was there before is left,
 * and the error says so.
 *
 * @throws DistrustError; SafekeepError of the catalogue; or the reason of `signal`
 */
export async function restore(
  job: RestoreJob,
  settings: RestoreSettings,
  signal: AbortSignal,
): Promise<RestoreResult> {
  const meter = new RestoreMeter(job.onProgress);
  const onProgress = (done: number, total: number) => meter.check(done, total);
  const chain = await openCheckedChain(job.stored, { signal, onProgress });
  try {
    const found = await findPrograms(settings.programDirectories);
    const programs = chooseRestoreProgram(found, chain.full.sidecar.pgDumpVersion);
    await requireCompression(programs, chain.full.sidecar.compression);
    const scope = scopeOf(job.restore, chain);
    meter.preflight(chain.size);
    const facts = await readTargetFacts(settings.server, job.restore.targetDatabase);
    return await prepare(
      { ...job, settings, chain, programs, scope, facts, meter, warnings: [], passedOver: [] },
      signal,
    );
  } finally {
    await chain.close();
  }
}

async function prepare(job: Prepared, signal: AbortSignal): Promise<RestoreResult> {
  const { restore: asked, chain, settings, scope, facts } = job;
  const { sidecar } = chain;
  const roles = asked.withRoles ? await readBackedUpRoles(job.stored, sidecar, signal) : [];
  const { problems, warnings } = judgeTarget(
    {
      database: asked.targetDatabase,
      sidecar,
      incremental: chain.increment !== null,
      entries: scope.entries,
      mark: markOf(asked.id),
      withRoles: asked.withRoles,
      roles: roles.map((role) => role.name),
      withGrants: asked.withGrants,
      onSourceServer: settings.source !== null && sameServer(settings.source, settings.server),
      historyDatabase: sameServer(settings.history, settings.server) ? nameIn(settings.history) : null,
    },
    facts,
  );
  const all = [...scope.problems, ...problems];
  if (all.length > 0) {
    const list = all.map((problem) => `  - ${problem}`).join('\n');
    throw fail('RESTORE_REFUSED', { database: asked.targetDatabase, problems: list });
  }
  job.warnings.push(...warnings, ...scope.warnings);
  signal.throwIfAborted();
  const made = asked.withRoles
    ? await onServer(settings.server, (client) => makeMissingRoles(client, roles))
    : [];
  return fillDatabase(job, made, signal);
}

async function fillDatabase(job: Prepared, roles: string[], signal: AbortSignal): Promise<RestoreResult> {
  const { facts, restore: asked } = job;
  const found = facts.existing !== null && !facts.existing.mark.startsWith(markOf(asked.id));
  if (!found) await makeDatabase(job);
  try {
    const { findings, differences } = await fillAndCompare(job, signal);
    if (!found) await onServer(job.settings.server, (client) => giveAway(client, job));
    const { tables, largeObjects } = job.scope.expected;
    const failure =
      differences === 0
        ? null
        : fail('RESTORE_DIFFERS', { database: asked.targetDatabase, count: differences });
    return {
      findings,
      failure,
      facts: {
        serverVersion: facts.serverVersion,
        pgRestoreVersion: job.programs.version,
        created: !found,
        tables: tables.length,
        rows: tables.reduce((sum, table) => sum + table.rows, 0),
        largeObjects: largeObjects.count,
        roles,
        warnings: job.warnings,
      },
    };
  } catch (error) {
    if (found) throw await tellWhatIsLeft(job, error);
    // A fenced run's database belongs to its successor, which makes it anew.
    if (errorCode(error) !== 'RUN_FENCED') await dropOurs(job);
    throw error;
  }
}

async function fillAndCompare(job: Prepared, signal: AbortSignal): Promise<Comparison> {
  const { chain, programs, restore: asked, settings, scope, meter } = job;
  const target = withDatabase(settings.server, asked.targetDatabase);
  meter.data(0, chain.size, null);
  const access = await libpqAccess(target, settings.environment);
  try {
    const { warnings } = await restoreChain(
      {
        chain,
        programs,
        access,
        database: asked.targetDatabase,
        asked: { owners: asked.withRoles, privileges: asked.withGrants },
        scope,
        onProgress: (done, total, table) => meter.data(done, total, table),
      },
      signal,
    );
    job.passedOver.push(...warnings);
    job.warnings.push(...warningsOf(warnings));
  } finally {
    await access.close();
  }
  meter.compare();
  return compareCopy(target, job, signal);
}

/** Compares the copy with what the authenticated sidecar says of the source, as a recovery test does. */
async function compareCopy(target: Secret, job: Prepared, signal: AbortSignal): Promise<Comparison> {
  const { chain, scope, stored } = job;
  const terms = await fingerprintTerms(chain.sidecar, stored.encryptionKey.reveal());
  const copy = await fingerprintCopy(target, scope.expected, terms, signal);
  const comparison = compareFingerprints(scope.expected, copy);
  const findings = comparison.findings.filter((finding) => !isPassedOver(finding, job.passedOver));
  const known = comparison.findings.length - findings.length;
  job.warnings.push(...comparison.notCompared);
  return { ...comparison, findings, differences: comparison.differences - known };
}

function nameIn(url: Secret): string {
  return decodeURIComponent(new URL(url.reveal()).pathname.slice(1));
}
