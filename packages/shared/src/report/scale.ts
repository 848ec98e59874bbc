import { bytes, seconds } from '../format.js';

/** A vertical axis: where it ends, its marks, and how a value is written. */
export interface Scale {
  readonly unit: 'bytes' | 'seconds' | 'count';
  readonly top: number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
  name(value: number): string;
}

const NAMES: Readonly<Record<Scale['unit'], (value: number) => string>> = {
  bytes,
  seconds,
  count: String,
};

/** Steps that people read as round, by unit; beyond the last one 1, 2 and 5 times a power of ten. Seconds. */
const ROUND_SECONDS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
];

/** An axis from 0 to the first round mark at or above `largest`, with two or three marks besides 0. */
export function scaleTo(largest: number, unit: Scale['unit']): Scale {
  const step = roundStep(largest / 3, unit);
  const count = Math.max(1, Math.ceil(largest / step));
  const ticks = Array.from({ length: count + 1 }, (_, at) => ({
    value: at * step,
    label: mark(at * step, unit),
  }));
  return { unit, top: count * step, ticks, name: NAMES[unit] };
}

function roundStep(atLeast: number, unit: Scale['unit']): number {
  if (unit === 'seconds') {
    const found = ROUND_SECONDS.find((step) => step >= atLeast);
    if (found !== undefined) return found;
    return powerStep(atLeast / 86_400) * 86_400;
  }
  return Math.max(1, powerStep(atLeast));
}

function powerStep(atLeast: number): number {
  if (atLeast <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(atLeast));
  return ([1, 2, 5, 10].find((factor) => factor * power >= atLeast) ?? 10) * power;
}

/** Marks are round, so they need no fractions of a smaller unit. */
function mark(value: number, unit: Scale['unit']): string {
  if (unit === 'bytes') return bytes(value).replace('.0 ', ' ');
  if (unit === 'count') return String(value);
  if (value >= 172_800) return `${value / 86_400} d`;
  if (value >= 3_600) return `${Math.round(value / 360) / 10} h`;
  return value >= 60 ? `${Math.round(value / 6) / 10} min` : `${value} s`;
}
