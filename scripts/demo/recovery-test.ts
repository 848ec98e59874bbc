import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { DemoError } from './demo-error.js';
import { environmentWithoutPostgres } from './psql.js';
import { PROJECT } from './safekeep.js';
import type { Screen } from './screen.js';
import { shell } from './shell.js';

interface ProofRun {
  readonly environmentFile: string;
  readonly workerLog: string;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

/** Lets Safekeep prove the backup itself, as it does every week: `backup.sh test`, then `backup.sh verify`. */
export async function proveBySafekeep({
  environmentFile,
  workerLog,
  screen,
  signal,
}: ProofRun): Promise<void> {
  const env = { ...environmentWithoutPostgres(), ...parseEnv(readFileSync(environmentFile, 'utf8')) };
  for (const verb of ['test', 'verify']) {
    screen.say(`  $ ./backup.sh ${verb}`);
    try {
      const command = `"${join(PROJECT, 'backup.sh')}" ${verb}`;
      for (const line of (await shell(command, { env, signal })).trimEnd().split('\n'))
        screen.say(`    ${line}`);
    } catch (cause) {
      signal.throwIfAborted();
      const remedy = 'Do not trust this version with backups; report it with the worker’s log.';
      throw new DemoError(`Safekeep’s own proof failed: backup.sh ${verb}.`, {
        remedy,
        logFile: workerLog,
        cause,
      });
    }
  }
}
