import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, say } from './run.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Installs the npm packages of the lock file, unless they are there. */
export function installDependencies() {
  if (areInstalled()) return;
  const { packageManager } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const install = ['install', '--frozen-lockfile'];
  const [program, args] =
    installedPnpm() === packageManager ? ['pnpm', install] : ['npx', ['--yes', packageManager, ...install]];
  say(`Installing the npm packages of pnpm-lock.yaml with ${packageManager}.`);
  // Without CI set, pnpm asks before it replaces a node_modules folder of another state.
  run(program, args, { cwd: ROOT, env: { ...process.env, CI: 'true' } });
}

/** pnpm keeps a copy of the lock file that it installed from. */
function areInstalled() {
  const installed = join(ROOT, 'node_modules/.pnpm/lock.yaml');
  return (
    existsSync(installed) &&
    readFileSync(installed).equals(readFileSync(join(ROOT, 'pnpm-lock.yaml'))) &&
    [ROOT, ...packageFolders()].every((folder) => existsSync(join(folder, 'node_modules')))
  );
}

function packageFolders() {
  const parent = join(ROOT, 'packages');
  return readdirSync(parent)
    .map((name) => join(parent, name))
    .filter((folder) => existsSync(join(folder, 'package.json')));
}

/** @returns {string | undefined} such as `pnpm@12.21.0` */
function installedPnpm() {
  const result = spawnSync('pnpm', ['--version'], { cwd: ROOT, encoding: 'utf8' });
  return result.status === 0 ? `pnpm@${result.stdout.trim()}` : undefined;
}
