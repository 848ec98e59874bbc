import { explain } from './demo-error.js';
import { Endings } from './endings.js';
import { type Output, Screen } from './screen.js';
import { Stopped, stopSignal } from './stop-signal.js';

export interface ScriptRun<Options> {
  readonly options: Options;
  readonly screen: Screen;
  /** Run when the work has ended, however it ended. */
  readonly endings: Endings;
  readonly signal: AbortSignal;
}

export interface Script<Options> {
  readonly usage: string;
  readonly readOptions: (argv: readonly string[]) => Options;
  readonly progressTo: Output;
  readonly work: (run: ScriptRun<Options>) => Promise<void>;
}

/** Runs the demo or the benchmark as this process: reads its arguments, explains errors, sets the exit code. */
export async function runScript<Options extends { readonly help: boolean }>(
  script: Script<Options>,
): Promise<void> {
  // A terminal that was closed takes no more lines; what was started must be ended all the same.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  let options: Options;
  try {
    options = script.readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 2;
    return;
  }
  if (options.help) process.stdout.write(script.usage);
  else process.exitCode = await run(script, options);
}

async function run<Options>(script: Script<Options>, options: Options): Promise<number> {
  const [screen, endings, signal] = [new Screen(script.progressTo), new Endings(), stopSignal()];
  try {
    await script.work({ options, screen, endings, signal });
    return 0;
  } catch (error) {
    if (signal.reason instanceof Stopped) {
      screen.say(`\nStopped before the end (${signal.reason.message}).`);
      return signal.reason.exitCode;
    }
    screen.say();
    process.stderr.write(`${explain(error)}\n`);
    return 1;
  } finally {
    for (const failure of await endings.run()) process.stderr.write(`${explain(failure)}\n`);
  }
}
