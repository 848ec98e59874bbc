import { type Spread, spread } from './spread.js';

/** One line of the table: something of Safekeep's, and what it is divided by. */
export interface Row {
  /** Names the row for goals and programs: `full/pipe/seconds`. */
  readonly key: string;
  readonly what: string;
  readonly unit: 'seconds' | 'bytes';
  /** `null` where there is no such figure; `what` then says why. */
  readonly measured: Spread | null;
  readonly reference: Spread | null;
  /** Made within each pair. */
  readonly ratio: Spread | null;
}

export type Unit = Row['unit'];

/** A row of pairs. @param pairs what was measured and what it is divided by, next to each other in time. */
export function comparison(
  name: { readonly key: string; readonly what: string; readonly unit: Unit },
  pairs: readonly (readonly [measured: number, reference: number])[],
): Row {
  return {
    ...name,
    measured: spread(pairs.map(([measured]) => measured)),
    reference: spread(pairs.map(([, reference]) => reference)),
    ratio: spread(pairs.map(([measured, reference]) => measured / reference)),
  };
}

/** A row of something that is divided by nothing. */
export function figure(
  name: { readonly key: string; readonly what: string; readonly unit: Unit },
  values: readonly number[],
): Row {
  return { ...name, measured: spread(values), reference: null, ratio: null };
}

/** A row that says why there is no figure. */
export function noFigure(name: { readonly key: string; readonly what: string; readonly unit: Unit }): Row {
  return { ...name, measured: null, reference: null, ratio: null };
}
