import { Writable } from 'node:stream';
import type { Logger } from '@safekeep/shared/logger';
import winston from 'winston';

type Line = Readonly<Record<string, unknown>>;

/** A logger that keeps its lines, and what it was told at a level. */
export function captureLog(): { readonly logger: Logger; told(level: string): Line[] } {
  const lines: Line[] = [];
  const stream = new Writable({
    write: (text, _encoding, done) => {
      lines.push(JSON.parse(String(text)));
      done();
    },
  });
  const transports = [new winston.transports.Stream({ stream })];
  const logger = winston.createLogger({ format: winston.format.json(), transports });
  return { logger, told: (level) => lines.filter((line) => line.level === level) };
}
