import { readFileSync } from 'node:fs';

/** Safekeep's version; the packages share one. */
export const VERSION: string = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
).version;
