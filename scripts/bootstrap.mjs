/**
 * Installs what this machine lacks to run Safekeep's demo, tests and benchmark, and says so. Plain Node without
 * dependencies, because it runs before they are there. When nothing is missing it is silent and quick.
 */
import { pathToFileURL } from 'node:url';
import { requireNode } from './bootstrap/node-version.mjs';
import { installDependencies } from './bootstrap/npm-dependencies.mjs';
import { BootstrapError } from './bootstrap/run.mjs';
import { installOptionalPrograms, installSystemPrograms } from './bootstrap/system-programs.mjs';

/**
 * @param {readonly string[]} [optional] Debian packages that are welcome and not needed
 * @returns {void}
 * @throws {BootstrapError} with a message that says what to do by hand
 */
export function bootstrap(optional = []) {
  requireNode();
  installSystemPrograms();
  installOptionalPrograms(optional);
  installDependencies();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    bootstrap();
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 1;
  }
}
