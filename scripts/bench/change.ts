import { readFileSync } from 'node:fs';
import { type PsqlOptions, psql } from '../demo/psql.js';

export type ChangeKind = 'updates' | 'inserts' | 'deletes';

/** What happens to the clinic between a base and its incremental. */
export interface Change {
  readonly kind: ChangeKind;
  /** Of the rows, 0.1 is one in a thousand. */
  readonly percent: number;
}

const TITLES: Readonly<Record<ChangeKind, string>> = {
  updates: 'scattered updates',
  inserts: 'inserts at the end',
  deletes: 'scattered deletes',
};

/** `0.01,0.1` as changes, the smallest first; `none` is none; `null` when it is neither. */
export function readChanges(kind: ChangeKind, text: string): Change[] | null {
  if (text === 'none') return [];
  const percents = text.split(',').map((item) => item.trim());
  if (!percents.every((item) => /^\d+(\.\d+)?$/.test(item) && Number(item) >= 0.001 && Number(item) <= 50)) {
    return null;
  }
  return [...new Set(percents.map(Number))]
    .sort((left, right) => left - right)
    .map((percent) => ({ kind, percent }));
}

/** The change that the goals are about. */
export function isGoal({ kind, percent }: Change): boolean {
  return kind === 'updates' && percent === 0.1;
}

/** The goals' change, then the great ones last, as what they leave in the tables makes later scenarios slower. */
export function inOrder(changes: readonly Change[]): Change[] {
  return [...changes].sort(
    (left, right) => Number(isGoal(right)) - Number(isGoal(left)) || left.percent - right.percent,
  );
}

export function changeKey({ kind, percent }: Change): string {
  return `${kind}-${percent}`;
}

export function changeTitle({ kind, percent }: Change): string {
  return `${percent} % ${TITLES[kind]}`;
}

/**
 * Changes the clinic.
 * @param salt another one chooses other rows.
 * @returns how many rows were changed.
 */
export async function applyChange(
  url: string,
  change: Change,
  options: { salt: number; signal: AbortSignal },
): Promise<number> {
  const script = readFileSync(new URL(`changes/${change.kind}.sql`, import.meta.url), 'utf8');
  const variables: PsqlOptions['variables'] = { share: change.percent / 100, salt: options.salt };
  const counts = await psql(url, script, { variables, signal: options.signal });
  return counts.split('\n').reduce((sum, count) => sum + Number(count), 0);
}
