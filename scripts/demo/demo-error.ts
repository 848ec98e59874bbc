import { existsSync, readFileSync } from 'node:fs';

const LOG_LINES = 15;

/** Something that ends the demo, told to the person who runs it: what happened, why, what to do, what the log says. */
export class DemoError extends Error {
  readonly remedy: string;
  readonly logFile: string | undefined;

  constructor(message: string, options: { remedy: string; logFile?: string; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.remedy = options.remedy;
    this.logFile = options.logFile;
  }
}

/** The report of any error, several lines. */
export function explain(error: unknown): string {
  const lines = [`✗ ${error instanceof Error ? error.message : String(error)}`];
  if (!(error instanceof DemoError)) {
    if (error instanceof Error && error.stack !== undefined) lines.push(error.stack);
    return lines.join('\n');
  }
  if (error.cause instanceof Error) lines.push('', '  Why:', indent(causes(error.cause)));
  if (error.logFile !== undefined && existsSync(error.logFile)) {
    const end = readFileSync(error.logFile, 'utf8').trimEnd().split('\n').slice(-LOG_LINES);
    lines.push('', `  The last lines of ${error.logFile}:`, indent(end.join('\n')));
  }
  return [...lines, '', '  What to do:', indent(error.remedy)].join('\n');
}

function causes(error: Error): string {
  return error.cause instanceof Error ? `${error.message}\n${causes(error.cause)}` : error.message;
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}
