import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Something that a person has to do; the message says what. */
export class BootstrapError extends Error {}

/** @param {string} sentence */
export function say(sentence) {
  process.stdout.write(`${sentence}\n`);
}

/**
 * Runs a command to its end. Its output is shown only if it fails.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 * @throws {BootstrapError} with the end of what the command wrote
 */
export function run(program, args, options = {}) {
  const result = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, ...options });
  if (result.status === 0) return;
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`;
  const lastLines = output.trimEnd().split('\n').slice(-20).join('\n');
  throw new BootstrapError(`${lastLines}\n\nThis failed: ${[program, ...args].join(' ')}`);
}

/**
 * @param {string} name
 * @param {readonly string[]} [furtherFolders] looked through after PATH
 */
export function isInstalled(name, furtherFolders = []) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...furtherFolders];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, name)));
}
