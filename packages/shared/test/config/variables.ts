import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { loadConfig, type ProcessRole } from '../../src/config/load.js';
import { SafekeepError } from '../../src/errors.js';

type Variables = Record<string, string | undefined>;

/** What every kind of process can start with. */
export function goodVariables(): Variables {
  return {
    HISTORY_DATABASE_URL: 'postgres://keeper:h-password@history.example:5432/safekeep_history',
    REDIS_URL: 'redis://:r-password@redis.example:6379',
    SOURCE_DATABASE_URL: 'postgres://clinic:s-password@db.example:5432/clinic',
    BACKUP_ENCRYPTION_KEY: randomBytes(48).toString('base64'),
    JWT_SECRET: randomBytes(48).toString('base64'),
  };
}

/** The mistakes that are reported for these variables, a line each; none when the configuration is good. */
export function mistakes(variables: Variables, role: ProcessRole = 'worker'): string[] {
  try {
    loadConfig(variables, role);
    return [];
  } catch (error) {
    if (!(error instanceof SafekeepError) || error.code !== 'CONFIG_INVALID') throw error;
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.replace(/^ {2}- /, ''));
  }
}

/** Writes a file of this content into a fresh folder; its path. */
export async function fileOf(content: string | Buffer): Promise<string> {
  const path = join(await scratchFolder('safekeep-config'), 'value');
  writeFileSync(path, content);
  return path;
}
