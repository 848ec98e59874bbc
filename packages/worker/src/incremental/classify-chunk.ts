/** A number of rows, and the two sums of the hashes of their keys. */
export interface KeySet {
  readonly rows: number;
  readonly first: bigint;
  readonly second: bigint;
}

export const NO_KEYS: KeySet = { rows: 0, first: 0n, second: 0n };

/**
 * What happened to the rows of a chunk since the base. `other`: rows went, maybe among other changes, and which ones only a
 * list of those that are left can tell. `impossible`: an old row that the base did not have; then nothing can be told.
 */
export type ChunkClass = 'unchanged' | 'inserts' | 'updates' | 'other' | 'impossible';

/**
 * @param base the rows that the base saw
 * @param old those of now that nobody wrote since: every one of them was in the base
 * @param young those of now that may have been written since
 */
export function classifyChunk(base: KeySet, old: KeySet, young: KeySet): ChunkClass {
  if (old.rows > base.rows) return 'impossible';
  const gone = minus(base, old);
  if (gone.rows === 0) {
    if (!equal(gone, NO_KEYS)) return 'impossible';
    return young.rows === 0 ? 'unchanged' : 'inserts';
  }
  return equal(gone, young) ? 'updates' : 'other';
}

export function plus(a: KeySet, b: KeySet): KeySet {
  return { rows: a.rows + b.rows, first: a.first + b.first, second: a.second + b.second };
}

function minus(a: KeySet, b: KeySet): KeySet {
  return { rows: a.rows - b.rows, first: a.first - b.first, second: a.second - b.second };
}

function equal(a: KeySet, b: KeySet): boolean {
  return a.rows === b.rows && a.first === b.first && a.second === b.second;
}
