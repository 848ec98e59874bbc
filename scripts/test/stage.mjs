import { spawn } from 'node:child_process';
import { delimiter, resolve } from 'node:path';

/** How long a stage may take to end after it was asked to, in milliseconds. */
const GRACE_MS = 10_000;

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
let interrupted = false;

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => {
    // A second request does not wait any longer.
    for (const child of running) child.kill(interrupted ? 'SIGKILL' : signal);
    interrupted = true;
  });
}

/** Whether a person or a supervisor asked the run to end. */
export function wasInterrupted() {
  return interrupted;
}

/**
 * Runs one command of node_modules/.bin. A stage that runs beside others prints all it wrote when it is over, so that
 * their lines do not mix; one that runs alone writes to this terminal.
 * @param {string} title printed before
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ limitMs: number, alone: boolean, env?: Readonly<Record<string, string>> }} options after `limitMs` the stage is
 *   ended and has failed; `env` is added to this process' environment
 * @returns {Promise<{ code: number }>} its exit code; a signal's end counts as 1
 */
export async function runStage(title, command, args, { limitMs, alone, env = {} }) {
  if (interrupted) return { code: 1 };
  if (alone) process.stdout.write(`\n== ${title}: ${[command, ...args].join(' ')}\n`);
  const startedAt = Date.now();
  const child = spawn(command, args, {
    stdio: alone ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    env: { ...withLocalCommands(), ...env },
  });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const limit = setTimeout(() => end(child, title, limitMs), limitMs);
  const code = await new Promise((settle) => {
    child.once('error', (error) => {
      process.stdout.write(`${error.message}\n`);
      settle(1);
    });
    child.once(alone ? 'exit' : 'close', (exitCode) => settle(exitCode ?? 1));
  });
  clearTimeout(limit);
  running.delete(child);
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${output}== ${title}: ${code === 0 ? 'passed' : 'FAILED'} in ${seconds} s\n`);
  return { code };
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} title
 * @param {number} limitMs
 */
function end(child, title, limitMs) {
  process.stdout.write(`\n${title} took longer than ${limitMs / 60_000} minutes and is ended.\n`);
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref();
}

function withLocalCommands() {
  return { ...process.env, PATH: [resolve('node_modules/.bin'), process.env.PATH].join(delimiter) };
}
