import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** libfaketime's library for programs with threads, in Debian's package `faketime`; `undefined` where it is missing. */
const LIBRARY = readdirSync('/usr/lib')
  .map((folder) => join('/usr/lib', folder, 'faketime/libfaketimeMT.so.1'))
  .find(existsSync);

export const CAN_FAKE_CLOCKS = LIBRARY !== undefined;

/**
 * A clock of a machine that shows another time, for all processes that have `environment`, from now on and whenever it
 * is set. As on a machine whose clock is set, pauses are not affected: they are counted by another one.
 */
export class FakedClock {
  constructor(private readonly file: string) {
    this.shift(0);
  }

  get environment(): NodeJS.ProcessEnv {
    return {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
      TZ: 'UTC',
    };
  }

  /** Ahead of the right time by so many milliseconds, or behind it. */
  shift(milliseconds: number): void {
    const seconds = (milliseconds / 1000).toFixed(3);
    // A process that reads while it is written must find a whole line: short writes are not torn.
    writeFileSync(this.file, `${milliseconds < 0 ? '' : '+'}${seconds}\n`);
  }

  /** Shows this time now and goes on from it. */
  set(time: Date): void {
    this.shift(time.getTime() - Date.now());
  }

  /** Stands still. */
  stop(time: Date): void {
    writeFileSync(this.file, `${time.toISOString().slice(0, 19).replace('T', ' ')}\n`);
  }
}
