import type { Random } from '../../property/random.js';

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A key that is not `right`: another one altogether, or what a person makes of it who copies it badly. */
export function wrongKey(right: string, random: Random): string {
  const at = random.between(0, right.length - 1);
  const other = random.pick([
    () => Array.from(right, () => random.pick([...BASE64])).join(''),
    () => right.slice(0, at) + random.pick([...BASE64]) + right.slice(at + 1),
    () => right.slice(0, -1),
    () => `${right}${random.pick([...BASE64])}`,
    () => right.slice(1) + right.slice(0, 1),
    () => swapCase(right, at),
  ])();
  return other === right ? wrongKey(right, random) : other;
}

function swapCase(key: string, at: number): string {
  const letter = key[at] ?? '';
  const other = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
  return key.slice(0, at) + other + key.slice(at + 1);
}
