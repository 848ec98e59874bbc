import type { Random } from './random.js';

const ODD = [
  'plain',
  'CamelCase',
  'with space',
  'sel"ect',
  "o'clock",
  'semi;colon -- $(x)',
  'new\nline',
  'back\\slash',
  'Größe',
  '患者🩺',
  '-dash',
  'order',
  'percent%s',
  '$$dollar$$',
];
/** The most bytes that PostgreSQL keeps of a name. */
const LONGEST = 63;

/** A name that no other has: `serial` is in it, and what breaks scripts that do not quote. */
export function oddName(random: Random, serial: number): string {
  if (random.chance(0.1)) return `${serial}_`.padEnd(LONGEST, 'x');
  return random.chance(0.5) ? `t${serial}` : `${random.pick(ODD)} ${serial}`;
}
