import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import { sameServer, withDatabase } from '@safekeep/shared/config/postgres-url';
import type { Secret } from '@safekeep/shared/config/secret';
import type { Restore, RestoreProgress } from '@safekeep/shared/contracts/restore';
import { fail } from '@safekeep/shared/errors';
import type { RestoreResult } from '@safekeep/shared/history/restores';
import { describeError, errorCode, type Logger } from '@safekeep/shared/logger';
import type pg from 'pg';
import { type Comparison, compareFingerprints } from '../fingerprint/compare-fingerprints.js';
import { fingerprintTerms } from '../fingerprint/fingerprint.js';
import { fingerprintCopy } from '../fingerprint/fingerprint-copy.js';
import { libpqAccess } from '../postgres/libpq-environment.js';
import { chooseRestoreProgram, findPrograms, type PostgresPrograms } from '../postgres/program.js';
import type { RestoreMessage } from '../postgres/restore-messages.js';
import {
  createDatabase,
  dropDatabase,
  findContents,
  markDatabase,
  onServer,
  onTarget,
  ownDatabase,
  readMark,
} from '../postgres/target-database.js';
import { readTargetFacts, type TargetFacts } from '../postgres/target-facts.js';
import { type CheckedBackup, openCheckedBackup, type StoredBackup } from './checked-backup.js';
import { restoreArchive } from './restore-archive.js';
import { RestoreMeter } from './restore-meter.js';
import { judgeTarget } from './restore-preflight.js';
import { makeMissingRoles, readBackedUpRoles } from './restore-roles.js';
import { type RestoreScope, scopeOf } from './restore-scope.js';
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
  readonly stored: StoredBackup;
  /** Of the run; tells what this attempt made from what another one did. */
  readonly token: number;
  readonly onProgress: (progress: RestoreProgress) => void;
}

/** A job whose backup was checked and whose target was looked at. */
interface Prepared extends RestoreJob {
  readonly settings: RestoreSettings;
  readonly backup: CheckedBackup;
  readonly programs: PostgresPrograms;
  readonly scope: RestoreScope;
  readonly facts: TargetFacts;
  readonly meter: RestoreMeter;
  readonly warnings: string[];
  /** Errors of pg_restore that were judged harmless. */
  readonly passedOver: RestoreMessage[];
}

/**
 * Restores one stored backup: sidecar, size and hash of the file → preflight, every problem at once → roles → a new
 * database (or an empty one) → pg_restore → comparison with the sidecar. Until the preflight is passed nothing is
 * touched. What fails later drops the database that it made; one that was there before is left, and the error says so.
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
  const backup = await openCheckedBackup(job.stored, { signal, onProgress });
  try {
    const found = await findPrograms(settings.programDirectories);
    const programs = chooseRestoreProgram(found, backup.sidecar.pgDumpVersion);
    const scope = scopeOf(job.restore, backup);
    meter.preflight(backup.size);
    const facts = await readTargetFacts(settings.server, job.restore.targetDatabase);
    return await prepare(
      { ...job, settings, backup, programs, scope, facts, meter, warnings: [], passedOver: [] },
      signal,
    );
  } finally {
    await backup.close();
  }
}

async function prepare(job: Prepared, signal: AbortSignal): Promise<RestoreResult> {
  const { restore: asked, backup, settings, scope, facts } = job;
  const roles = asked.withRoles ? await readBackedUpRoles(job.stored, backup.sidecar, signal) : [];
  const { problems, warnings } = judgeTarget(
    {
      database: asked.targetDatabase,
      sidecar: backup.sidecar,
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

/** What an earlier attempt of this restore left goes; then the database is made, and marked as this attempt's. */
async function makeDatabase(job: Prepared): Promise<void> {
  const { restore: asked, settings, backup } = job;
  await onServer(settings.server, async (client) => {
    const left = await readMark(client, asked.targetDatabase);
    if (left?.startsWith(markOf(asked.id))) await dropDatabase(client, asked.targetDatabase);
    const mark = `${markOf(asked.id)}run ${job.token}`;
    const made = await createDatabase(client, asked.targetDatabase, backup.sidecar, mark);
    if (made.sameLocale) return;
    job.warnings.push(
      `the server does not have the source's locale ${backup.sidecar.collate}: text sorts by ${made.collate}`,
    );
  });
}

async function fillAndCompare(job: Prepared, signal: AbortSignal): Promise<Comparison> {
  const { backup, programs, restore: asked, settings, scope, meter } = job;
  const target = withDatabase(settings.server, asked.targetDatabase);
  meter.data(0, backup.size, null);
  const access = await libpqAccess(target, settings.environment);
  try {
    const { warnings } = await restoreArchive(
      {
        backup,
        programs,
        access,
        database: asked.targetDatabase,
        asked: { owners: asked.withRoles, privileges: asked.withGrants },
        dumpIds: scope.dumpIds,
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
  const { backup, scope, stored } = job;
  const terms = await fingerprintTerms(backup.sidecar, stored.encryptionKey.reveal());
  const copy = await fingerprintCopy(target, scope.expected, terms, signal);
  const comparison = compareFingerprints(scope.expected, copy);
  const findings = comparison.findings.filter((finding) => !isPassedOver(finding, job.passedOver));
  const known = comparison.findings.length - findings.length;
  job.warnings.push(...comparison.notCompared);
  return { ...comparison, findings, differences: comparison.differences - known };
}

/** The database is finished: it loses the mark by which another attempt would drop it, and gets its owner. */
async function giveAway(client: pg.Client, job: Prepared): Promise<void> {
  const { targetDatabase, withRoles } = job.restore;
  const owner = ownerOf(job.backup.toc.entries);
  if (withRoles && owner !== null) {
    await ownDatabase(client, targetDatabase, owner).catch((error: unknown) => {
      if (errorCode(error) !== 'TARGET_REFUSED') throw error;
      job.warnings.push(
        `the database itself still belongs to ${job.facts.role}: it could not be given to ${owner}`,
      );
    });
  }
  await markDatabase(client, targetDatabase, null);
}

function ownerOf(entries: readonly TocEntry[]): string | null {
  return entries.find((entry) => entry.desc === 'DATABASE')?.owner || null;
}

/** Drops the database if it is still the one that this attempt made. What cannot be dropped now is told in the log. */
async function dropOurs(job: Prepared): Promise<void> {
  const { restore: asked, settings, token } = job;
  try {
    await onServer(settings.server, async (client) => {
      const mark = await readMark(client, asked.targetDatabase);
      if (mark === `${markOf(asked.id)}run ${token}`) await dropDatabase(client, asked.targetDatabase);
    });
  } catch (error) {
    settings.logger.error('a database that a failed restore made could not be dropped', {
      database: asked.targetDatabase,
      restoreId: asked.id,
      error: describeError(error),
    });
  }
}

/** The error of a restore into a database that was there before: it also says what is in that database now. */
async function tellWhatIsLeft(job: Prepared, error: unknown): Promise<unknown> {
  const { targetDatabase } = job.restore;
  const contents = await onTarget(withDatabase(job.settings.server, targetDatabase), findContents).catch(
    () => ['what could not be looked at'],
  );
  if (contents.length === 0 || errorCode(error) === 'RUN_FENCED') return error;
  const why = describeError(error);
  return fail(
    'RESTORE_PART_LEFT',
    { database: targetDatabase, contents: contents.join(', '), code: why.code, why: why.message },
    error,
  );
}

/** How the comment of a database begins that a restore made and has not finished. */
function markOf(restoreId: string): string {
  return `safekeep restore ${restoreId} `;
}

function nameIn(url: Secret): string {
  return decodeURIComponent(new URL(url.reveal()).pathname.slice(1));
}
