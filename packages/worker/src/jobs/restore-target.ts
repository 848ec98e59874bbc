import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import { withDatabase } from '@safekeep/shared/config/postgres-url';
import type { Secret } from '@safekeep/shared/config/secret';
import type { Restore } from '@safekeep/shared/contracts/restore';
import { fail } from '@safekeep/shared/errors';
import { describeError, errorCode, type Logger } from '@safekeep/shared/logger';
import type pg from 'pg';
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
import type { TargetFacts } from '../postgres/target-facts.js';
import type { CheckedChain } from './checked-chain.js';

/** The database that one attempt of a restore fills. */
interface RestoreTarget {
  readonly restore: Pick<Restore, 'id' | 'targetDatabase' | 'withRoles'>;
  /** Of the run; tells what this attempt made from what another one did. */
  readonly token: number;
  readonly settings: { readonly logger: Logger; readonly server: Secret };
  readonly chain: Pick<CheckedChain, 'sidecar' | 'full'>;
  readonly facts: Pick<TargetFacts, 'role'>;
  readonly warnings: string[];
}

/** How the comment of a database begins that a restore made and has not finished. */
export function markOf(restoreId: string): string {
  return `safekeep restore ${restoreId} `;
}

/** What an earlier attempt of this restore left goes; then the database is made, and marked as this attempt's. */
export async function makeDatabase(target: RestoreTarget): Promise<void> {
  const { restore: asked, settings, chain } = target;
  await onServer(settings.server, async (client) => {
    const left = await readMark(client, asked.targetDatabase);
    if (left?.startsWith(markOf(asked.id))) await dropDatabase(client, asked.targetDatabase);
    const mark = `${markOf(asked.id)}run ${target.token}`;
    const made = await createDatabase(client, asked.targetDatabase, chain.sidecar, mark);
    if (made.sameLocale) return;
    target.warnings.push(
      `the server does not have the source's locale ${chain.sidecar.collate}: text sorts by ${made.collate}`,
    );
  });
}

/** The database is finished: it loses the mark by which another attempt would drop it, and gets its owner. */
export async function giveAway(client: pg.Client, target: RestoreTarget): Promise<void> {
  const { targetDatabase, withRoles } = target.restore;
  const owner = ownerOf(target.chain.full.toc.entries);
  if (withRoles && owner !== null) {
    await ownDatabase(client, targetDatabase, owner).catch((error: unknown) => {
      if (errorCode(error) !== 'TARGET_REFUSED') throw error;
      target.warnings.push(
        `the database itself still belongs to ${target.facts.role}: it could not be given to ${owner}`,
      );
    });
  }
  await markDatabase(client, targetDatabase, null);
}

function ownerOf(entries: readonly TocEntry[]): string | null {
  return entries.find((entry) => entry.desc === 'DATABASE')?.owner || null;
}

/** Drops the database if it is still the one that this attempt made. What cannot be dropped now is told in the log. */
export async function dropOurs(target: RestoreTarget): Promise<void> {
  const { restore: asked, settings, token } = target;
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
export async function tellWhatIsLeft(target: RestoreTarget, error: unknown): Promise<unknown> {
  const { targetDatabase } = target.restore;
  const contents = await onTarget(withDatabase(target.settings.server, targetDatabase), findContents).catch(
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
