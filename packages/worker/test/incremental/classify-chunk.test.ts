import { expect } from 'chai';
import { type ChunkClass, classifyChunk, type KeySet } from '../../src/incremental/classify-chunk.js';

/** A made-up hash; the real ones are PostgreSQL's. */
const hash = (key: number) => BigInt(key) ** 5n + 7n;

function keys(...numbers: number[]): KeySet {
  const sum = (of: (key: number) => bigint) => numbers.reduce((total, key) => total + of(key), 0n);
  return { rows: numbers.length, first: sum(hash), second: sum((key) => hash(key) ** 3n) };
}

const CASES: readonly (readonly [what: string, base: KeySet, old: KeySet, young: KeySet, is: ChunkClass])[] =
  [
    ['nothing happened', keys(1, 2, 3), keys(1, 2, 3), keys(), 'unchanged'],
    ['there is and was nothing', keys(), keys(), keys(), 'unchanged'],
    ['rows came', keys(1, 2), keys(1, 2), keys(3, 4), 'inserts'],
    ['the first rows came', keys(), keys(), keys(1), 'inserts'],
    ['rows were updated', keys(1, 2, 3), keys(1), keys(2, 3), 'updates'],
    ['all rows were updated', keys(1, 2), keys(), keys(1, 2), 'updates'],
    ['a row went and came back', keys(1, 2), keys(1), keys(2), 'updates'],
    ['a row went', keys(1, 2, 3), keys(1, 2), keys(), 'other'],
    ['all rows went', keys(1, 2), keys(), keys(), 'other'],
    ['a row went and another one came', keys(1, 2, 3), keys(1, 2), keys(4), 'other'],
    ['a row got another key', keys(1, 2), keys(1), keys(9), 'other'],
    ['a row was updated and one came', keys(1, 2), keys(1), keys(2, 3), 'other'],
    ['a row was updated and one went', keys(1, 2, 3), keys(1), keys(2), 'other'],
    ['as many went as came', keys(1, 2, 3, 4), keys(1, 2), keys(5, 6), 'other'],
    ['an old row was not in the base', keys(1), keys(1, 2), keys(), 'impossible'],
    ['an old row is another one', keys(1, 2), keys(1, 3), keys(), 'impossible'],
    ['an old row is another one, and rows came', keys(1, 2), keys(1, 3), keys(4), 'impossible'],
    ['an old row came from nowhere', keys(), keys(1), keys(), 'impossible'],
  ];

describe('a chunk', () => {
  for (const [what, base, old, young, is] of CASES) {
    it(`is ${is} when ${what}`, () => expect(classifyChunk(base, old, young)).to.equal(is));
  }

  it('is told by each of the two sums alone, and by the count', () => {
    expect(classifyChunk(keys(1, 2, 3), keys(1), { ...keys(2, 3), rows: 1 })).to.equal('other');
    for (const sum of ['first', 'second'] as const) {
      const young = { ...keys(2), [sum]: keys(2)[sum] + 1n };
      expect(classifyChunk(keys(1, 2), keys(1), young)).to.equal('other');
      const old = { ...keys(1), [sum]: keys(1)[sum] - 1n };
      expect(classifyChunk(keys(1), old, keys())).to.equal('impossible');
    }
  });
});
