import { expect } from 'chai';
import { tableOf } from './tallies.mjs';

describe('The table of faults that a campaign brought about', () => {
  it('has them in the order of the matrix, and adds up what several files did', () => {
    const table = tableOf([
      { row: 16, fault: 'two workers', count: 3 },
      { row: 3, fault: 'commit', count: 20 },
      { row: 16, fault: 'two workers', count: 4 },
      { row: 3, fault: 'cut', count: 1 },
    ]);
    expect(table.split('\n')).to.deep.equal([
      'fault  brought about  times',
      '    3  commit            20',
      '    3  cut                1',
      '   16  two workers        7',
    ]);
  });
});
