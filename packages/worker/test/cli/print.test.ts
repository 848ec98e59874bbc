import { expect } from 'chai';
import { table } from '../../src/cli/print.js';

describe('a table for people', () => {
  it('has columns as wide as their widest cell, and no spaces at the end of a line', () => {
    expect(
      table(
        ['id', 'status', 'file'],
        [
          ['1', 'completed', ''],
          ['long-id', 'x', 'f.gz'],
        ],
      ),
    ).to.equal(['id       status     file', '1        completed', 'long-id  x          f.gz'].join('\n'));
  });

  it('shows its head where there are no rows, and rows that are short', () => {
    expect(table(['a', 'b'], [])).to.equal('a  b');
    expect(table(['a', 'b'], [['x']])).to.equal('a  b\nx');
  });
});
