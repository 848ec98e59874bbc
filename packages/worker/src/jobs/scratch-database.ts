import { randomBytes } from 'node:crypto';
import type { Sidecar } from '@safekeep/archive/sidecar';
import type { Secret } from '@safekeep/shared/config/secret';
import { SafekeepError } from '@safekeep/shared/errors';
import { findScratch, forgetScratch, recordScratch } from '@safekeep/shared/history/recovery-tests';
import type { Run } from '@safekeep/shared/history/runs';
import { persist } from '@safekeep/shared/jobs/persist';
import { describeError, type Logger } from '@safekeep/shared/logger';
import type pg from 'pg';
import { endSessions } from '../postgres/end-sessions.js';
import { createDatabase, dropDatabase, nameSession, onServer } from '../postgres/target-database.js';
import { scratchFailure, targetFailure } from '../postgres/target-failure.js';

export interface ScratchPlace {
  readonly pool: pg.Pool;
  readonly logger: Logger;
  /** Server and role for recovery tests. */
  readonly server: Secret;
}

/**
 * Makes a database with a name that nobody can guess, runs `work` on it and drops it, whatever comes. History knows the
 * name before the database is there: should this process die, the reconciler drops it
 * (`reconcile/drop-left-scratch.ts`). What an earlier attempt of this test left goes first.
 *
 * @throws SafekeepError SCRATCH_REFUSED, SCRATCH_UNREACHABLE, SCRATCH_LOGIN_FAILED, RUN_FENCED; or what `work` throws
 */
export async function onScratchDatabase<T>(
  place: ScratchPlace,
  test: { readonly id: string; readonly run: Run; readonly sidecar: Sidecar },
  work: (name: string) => Promise<T>,
): Promise<T> {
  const left = await findScratch(place.pool, test.id);
  if (left !== null) await dropScratch(place, test.id, left);
  const name = `safekeep_scratch_${randomBytes(16).toString('hex')}`;
  await recordScratch(place.pool, test.id, test.run, name);
  let letIn = true;
  try {
    const mark = `Safekeep recovery test ${test.id}; it is dropped by itself`;
    await onScratchServer(place.server, async (client) => {
      await nameSession(client, name);
      return createDatabase(client, name, test.sidecar, mark);
    });
    return await work(name);
  } catch (error) {
    letIn = !(error instanceof SafekeepError && error.code === 'SCRATCH_LOGIN_FAILED');
    throw error;
  } finally {
    // Who was not let in has made nothing, and would not be let in to drop it.
    if (letIn) await tryToDrop(place, test.id, name);
    else await persist(() => forgetScratch(place.pool, test.id, name), place.logger);
  }
}

/** The outcome of a test stands whatever happens here; a database that stays is dropped by the reconciler. */
async function tryToDrop(place: ScratchPlace, id: string, name: string): Promise<void> {
  await dropScratch(place, id, name).catch((error: unknown) => {
    place.logger.error('a scratch database could not be dropped, trying again later', {
      database: name,
      error: describeError(error),
    });
  });
}

/**
 * Drops a scratch database that history names, and has history forget it. A session that still creates it ends first: who
 * asked for it may be dead for long, and a database that is not there yet cannot be dropped.
 */
export async function dropScratch(place: ScratchPlace, id: string, name: string): Promise<void> {
  await onScratchServer(place.server, async (client) => {
    const { left } = await endSessions(client, [name]);
    if (left > 0) throw targetFailure('end the session that creates a scratch database', null);
    await dropDatabase(client, name);
  });
  await persist(() => forgetScratch(place.pool, id, name), place.logger);
}

/** The errors of a target's server, with the hints for recovery tests. */
async function onScratchServer<T>(server: Secret, work: Parameters<typeof onServer<T>>[1]): Promise<T> {
  try {
    return await onServer(server, work);
  } catch (error) {
    throw error instanceof SafekeepError ? scratchFailure(error) : error;
  }
}
