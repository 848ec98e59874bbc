import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BootstrapError, isInstalled, run, say } from './run.mjs';

/**
 * Debian's packages and the commands that Safekeep needs of them.
 * @type {Record<string, string[]>}
 */
const PACKAGES = {
  postgresql: ['initdb', 'postgres', 'pg_dump', 'pg_restore', 'psql'],
  'redis-server': ['redis-server'],
  openssl: ['openssl'],
  gzip: ['gzip'],
  file: ['file'],
  procps: ['ps'],
};

/** Asked by Debian before a package starts its service; 101 means no. */
const POLICY = '/usr/sbin/policy-rc.d';
const REFUSE_TO_START = '#!/bin/sh\nexit 101\n';

/** Installs the Debian packages whose commands are missing, without starting any system service. */
export function installSystemPrograms() {
  const missing = missingPackages();
  if (missing.length > 0) install(missing);
  const still = missingPackages();
  if (still.length > 0)
    throw new BootstrapError(`apt-get did not bring the commands of: ${still.join(', ')}`);
}

/**
 * Installs packages that some tests need and skip without. Each brings a command of its own name.
 * @param {readonly string[]} names
 */
export function installOptionalPrograms(names) {
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  try {
    install(missing);
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    say(`Tests that need ${missing.join(', ')} will be skipped, for it cannot be installed here.`);
  }
}

/** @param {readonly string[]} missing */
function install(missing) {
  const asRoot = rootPrefix(missing);
  say(`Installing ${missing.join(', ')} with apt-get (a minute or two); no system service is started.`);
  withoutServices(asRoot, () => {
    run(...command(asRoot, ['apt-get', '-qq', 'update']));
    const options = [
      'apt-get',
      '-qq',
      '-y',
      '-o',
      'DPkg::Lock::Timeout=300',
      '--no-install-recommends',
      'install',
    ];
    run(...command(asRoot, ['env', 'DEBIAN_FRONTEND=noninteractive', ...options, ...missing]));
  });
}

function missingPackages() {
  const serverFolders = postgresFolders();
  return Object.entries(PACKAGES)
    .filter(([, commands]) => !commands.every((name) => isInstalled(name, serverFolders)))
    .map(([name]) => name);
}

/** Debian keeps the server's programs out of PATH, one folder a version; so does the PostgreSQL project's RPM. */
function postgresFolders() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).map((name) => join(debian, name, 'bin')) : [];
  const rpm = readdirSync('/usr').filter((name) => name.startsWith('pgsql-'));
  return [...versions, ...rpm.map((name) => join('/usr', name, 'bin'))];
}

/**
 * What goes before a command so that root runs it: nothing, or sudo.
 * @param {readonly string[]} missing
 */
function rootPrefix(missing) {
  if (!isInstalled('apt-get')) {
    throw new BootstrapError(
      `These are missing: ${missing.join(', ')} (Debian's names). This is no Debian or Ubuntu, so install them with ` +
        `this system's package manager; needed commands: ${missing.flatMap((name) => PACKAGES[name] ?? name).join(', ')}.`,
    );
  }
  if (process.getuid?.() === 0) return [];
  if (isInstalled('sudo') && canUseSudo()) return ['sudo', '-n'];
  throw new BootstrapError(
    `These packages are missing, and installing them needs root. Run:\n` +
      `  sudo apt-get update && sudo apt-get install -y ${missing.join(' ')}`,
  );
}

function canUseSudo() {
  try {
    run('sudo', ['-n', 'true']);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {readonly string[]} prefix
 * @param {readonly string[]} words
 * @returns {[string, string[]]}
 */
function command(prefix, words) {
  const [program = '', ...args] = [...prefix, ...words];
  return [program, args];
}

/**
 * Holds system services back during `action`. A policy that somebody else has set stays as it is.
 * @param {readonly string[]} asRoot
 * @param {() => void} action
 */
function withoutServices(asRoot, action) {
  if (existsSync(POLICY)) return action();
  const folder = mkdtempSync(join(tmpdir(), 'safekeep-bootstrap-'));
  const policy = join(folder, 'policy-rc.d');
  writeFileSync(policy, REFUSE_TO_START);
  // Ctrl-C ends apt-get; this process stays to take its policy away again.
  const stay = () => {};
  process.on('SIGINT', stay);
  try {
    run(...command(asRoot, ['install', '-m', '755', policy, POLICY]));
    action();
  } finally {
    run(...command(asRoot, ['rm', '-f', POLICY]));
    rmSync(folder, { recursive: true });
    process.removeListener('SIGINT', stay);
  }
}
