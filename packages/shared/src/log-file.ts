import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';

/**
 * A file that lines are appended to, each with one write, so that several processes may share it. Where it cannot be written
 * (its volume is full) lines are lost and nothing waits; the first line that finds room again tells how many.
 *
 * @param onTrouble is called once, when lines begin to be lost
 */
export function openLogFile(path: string, onTrouble: (error: unknown) => void): Writable {
  let lost = 0;
  const append = (line: string) => {
    // Opened anew for each line, so that a rotated or restored file is found. Half a line may stand there from before.
    const before = lost === 0 ? '' : `\n${lossInWords(lost)}\n`;
    try {
      appendFileSync(path, `${before}${line}`);
      lost = 0;
    } catch (error) {
      lost += 1;
      if (lost === 1) onTrouble(error);
    }
  };
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch {
    // The first line tells.
  }
  return new Writable({
    decodeStrings: false,
    write: (line, _encoding, done) => {
      append(String(line));
      done();
    },
  });
}

function lossInWords(lost: number): string {
  const timestamp = new Date().toISOString();
  return JSON.stringify({
    level: 'warn',
    message: 'lines were lost: LOG_FILE could not be written',
    lost,
    timestamp,
  });
}
