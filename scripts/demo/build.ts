import { DemoError } from './demo-error.js';
import { PROJECT } from './safekeep.js';
import { shell } from './shell.js';

/** Compiles what is not compiled yet. @throws DemoError with the compiler's words. */
export async function build(signal: AbortSignal): Promise<void> {
  try {
    await shell(`cd '${PROJECT}' && node_modules/.bin/tsc -b >&2`, { env: process.env, signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new DemoError('The code does not compile.', {
      remedy: 'Correct what the compiler names above.',
      cause,
    });
  }
}
