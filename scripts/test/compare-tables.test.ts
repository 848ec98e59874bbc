import { expect } from 'chai';
import { compareTables, comparisonLines, difference, type TableContent } from '../demo/compare-tables.js';

const contents = (tables: Record<string, TableContent>) => new Map(Object.entries(tables));
const FEW = { rows: 3, hash: '17' };
const MANY = { rows: 1_234_567, hash: '-42' };

describe('the comparison of a restored copy', () => {
  it('is silent about databases that hold the same', () => {
    const same = contents({ users: FEW, patients: MANY });
    const comparisons = compareTables(same, contents({ patients: MANY, users: FEW }));
    expect(difference(comparisons)).to.equal(null);
    expect(comparisonLines(comparisons)).to.deep.equal([
      'table        source   restored  rows and content',
      'patients  1 234 567  1 234 567  ✓ equal',
      'users             3          3  ✓ equal',
    ]);
  });

  const differences: [string, Record<string, TableContent>, Record<string, TableContent>, string][] = [
    ['lost rows', { users: FEW }, { users: { rows: 2, hash: '17' } }, 'users (rows differ)'],
    ['an added row', { users: FEW }, { users: { rows: 4, hash: '17' } }, 'users (rows differ)'],
    ['changed rows', { users: FEW }, { users: { rows: 3, hash: '18' } }, 'users (content differs)'],
    ['a lost table', { users: FEW, patients: MANY }, { users: FEW }, 'patients (missing)'],
    ['a strange table', { users: FEW }, { users: FEW, extra: FEW }, 'extra (unexpected)'],
  ];
  for (const [name, source, restored, expected] of differences) {
    it(`names ${name}`, () => {
      const comparisons = compareTables(contents(source), contents(restored));
      expect(difference(comparisons)).to.include('differs from the source in 1 of').and.include(expected);
      expect(comparisonLines(comparisons).join('\n')).to.include('✗');
    });
  }

  it('takes nothing compared for no proof', () => {
    expect(difference(compareTables(new Map(), new Map()))).to.match(/No table/);
  });
});
