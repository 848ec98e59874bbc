import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { RESTORED } from './databases.js';
import { DemoError } from './demo-error.js';
import { environmentWithoutPostgres } from './psql.js';
import type { Screen } from './screen.js';
import { shell } from './shell.js';

export interface HandRestore {
  readonly backupFile: string;
  /** Sourced first; it names the key's file and the connections. */
  readonly environmentFile: string;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

const STORED_CHECKSUM = `grep -o '"checksum":"[^"]*"' "$FILE.meta" | cut -d'"' -f4`;
const ACTUAL_CHECKSUM = `sha256sum "$FILE" | awk '{print $1}'`;
const DECRYPT = 'openssl enc -aes-256-cbc -d -pbkdf2 -pass "file:$BACKUP_ENCRYPTION_KEY_FILE"';

/** Opens and restores a backup file as the operations manual does: stock tools, the file, the key, nothing else. */
export async function restoreByHand(restore: HandRestore): Promise<void> {
  const { screen, signal } = restore;
  const env = {
    ...environmentWithoutPostgres(),
    ...parseEnv(readFileSync(restore.environmentFile, 'utf8')),
    FILE: restore.backupFile,
  };
  const run = async (command: string) => {
    screen.say(`  $ ${command}`);
    const output = (await shell(command, { env, signal })).trim();
    screen.say(`    ${output === '' ? '✓' : output}`);
    return output;
  };
  screen.say(`  $ . ${restore.environmentFile}`);
  screen.say(`  $ FILE=${restore.backupFile}`);
  try {
    const [stored, actual] = [await run(STORED_CHECKSUM), await run(ACTUAL_CHECKSUM)];
    if (stored !== actual) throw new Error('The checksum in the sidecar is not the checksum of the file.');
    screen.say('    ✓ the same');
    await run('gunzip -t "$FILE"');
    await run(`psql -Xq service=clinic -c 'CREATE DATABASE ${RESTORED}'`);
    await run(`gunzip -c "$FILE" | ${DECRYPT} | pg_restore -d service=restored`);
  } catch (cause) {
    signal.throwIfAborted();
    const remedy = `The backup does not restore: keep ${restore.backupFile} and its sidecar, and look into it.`;
    throw new DemoError('A stock tool refuses the backup.', { remedy, cause });
  }
}
