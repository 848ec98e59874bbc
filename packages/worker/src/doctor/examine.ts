import type { ConfigOf } from '@safekeep/shared/config/load';
import type { Source } from '@safekeep/shared/config/sources';
import { findLastSize } from '@safekeep/shared/history/backups';
import { readTime } from '@safekeep/shared/history/clock';
import { createHistoryPool } from '@safekeep/shared/history/database';
import { readSourceProofs } from '@safekeep/shared/history/health';
import { translateOutage } from '@safekeep/shared/history/outage';
import type { SourceProof } from '@safekeep/shared/policy/health';
import { LocalStorage } from '@safekeep/shared/storage/local';
import type pg from 'pg';
import { findPrograms, programDirectories } from '../postgres/program.js';
import { checkDirectory, checkSecretFile } from './check-directory.js';
import { checkHistory } from './check-history.js';
import { checkRedis } from './check-redis.js';
import { checkSource } from './check-source.js';
import { checkTarget } from './check-target.js';
import { type Diagnosis, ok } from './diagnosis.js';
import { judgeChannels } from './judge-channels.js';
import { judgeSource } from './judge-source.js';

/**
 * Looks at everything that a night depends on, as a worker with this configuration would meet it. What cannot be looked
 * at, because something before it is broken, is not guessed.
 */
export async function examine(
  config: ConfigOf<'worker'>,
  sources: readonly Source[],
  environment: NodeJS.ProcessEnv,
): Promise<Diagnosis[]> {
  const pool = createHistoryPool(config.HISTORY_DATABASE_URL, 2, () => {});
  try {
    const found = [
      ok('configuration', 'complete; the key is strong'),
      ...(await checkKeyFile(environment)),
      judgeChannels(config),
    ];
    found.push(
      ...(await checkHistory(pool, config.BACKUP_ENCRYPTION_KEY)),
      ...(await checkRedis(config.REDIS_URL)),
    );
    for (const source of sources) found.push(...(await examineSource(config, source, pool, environment)));
    return found;
  } finally {
    await pool.end();
  }
}

async function checkKeyFile(environment: NodeJS.ProcessEnv): Promise<Diagnosis[]> {
  const path = environment.BACKUP_ENCRYPTION_KEY_FILE;
  return path ? [await checkSecretFile('BACKUP_ENCRYPTION_KEY', path)] : [];
}

async function examineSource(
  config: ConfigOf<'worker'>,
  source: Source,
  pool: pg.Pool,
  environment: NodeJS.ProcessEnv,
): Promise<Diagnosis[]> {
  const facts = await readFacts(pool, source.name);
  const targets = { rto: config.RTO_TARGET, rpo: config.RPO_TARGET };
  const storage = new LocalStorage(config.BACKUP_DIR, source.name);
  const programs = await findPrograms(await programDirectories(environment.PATH ?? ''));
  return [
    ...(await checkDirectory(storage, source.name, facts?.lastSize ?? null)),
    ...(await checkSource(source, programs)),
    ...(await checkTargets(config, source)),
    ...(facts === null ? [] : judgeSource(facts.proof, targets, facts.now)),
  ];
}

async function checkTargets(config: ConfigOf<'worker'>, source: Source): Promise<Diagnosis[]> {
  const [scratch, restore] = [config.SCRATCH_DATABASE_URL, config.RESTORE_DATABASE_URL];
  return [
    ...(await checkTarget(`recovery tests of ${source.name}`, scratch ?? source.url, 'SCRATCH_DATABASE_URL')),
    ...(await checkTarget(`restores of ${source.name}`, restore ?? source.url, 'RESTORE_DATABASE_URL')),
  ];
}

interface SourceFacts {
  readonly proof: SourceProof;
  readonly now: Date;
  readonly lastSize: number | null;
}

/** What history knows of a source; `null` when it is away, which was told already. */
async function readFacts(pool: pg.Pool, source: string): Promise<SourceFacts | null> {
  try {
    const [proof] = await readSourceProofs(pool, [source]);
    return {
      proof: proof as SourceProof,
      now: await readTime(pool),
      lastSize: await findLastSize(pool, source, 'full'),
    };
  } catch (error) {
    if (translateOutage(error) === error) throw error;
    return null;
  }
}
