import { describeFailure } from './failure.js';
import { buildProgram, type Verb } from './program.js';
import { type CliOptions, openSession } from './session.js';

async function runVerb(verb: Verb, args: string[], options: CliOptions): Promise<void> {
  const session = openSession(options);
  try {
    process.exitCode = await verb(session, ...args);
  } finally {
    await session.close();
  }
}

/** With --json an error is a JSON document, too. What the parser refuses, it has told by itself. */
function report(error: unknown): void {
  const { exitCode, problem } = describeFailure(error);
  process.exitCode = exitCode;
  if (problem === null) return;
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error: problem })}\n`);
  process.stderr.write(`backup.sh: ${problem.message}\n  ${problem.hint}\n`);
}

try {
  await buildProgram(runVerb).parseAsync(process.argv);
} catch (error) {
  report(error);
}
