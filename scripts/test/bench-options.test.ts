import { expect } from 'chai';
import { changeKey, inOrder } from '../bench/change.js';
import { readOptions } from '../bench/options.js';

describe('options of the benchmark', () => {
  it('measure 1 GB and all parts but the parallel dump when nothing is said', () => {
    const { bytes, pairs, parts, changes, memorySizes, check } = readOptions([]);
    expect({ bytes, pairs, check }).to.deep.equal({ bytes: 1e9, pairs: 3, check: false });
    expect([...parts]).to.deep.equal(['full', 'incremental', 'verify', 'restore', 'memory', 'pgbackrest']);
    expect(changes.map(changeKey)).to.deep.equal([
      'updates-0.01',
      'updates-0.1',
      'updates-1',
      'updates-10',
      'inserts-0.1',
      'deletes-0.1',
    ]);
    expect(memorySizes).to.deep.equal([]);
  });

  it('name sizes, parts and changes', () => {
    const options = readOptions(
      '--size 50MB --pairs 2 --only incremental,memory --updates 5,0.5,5 --inserts none --deletes 1 --memory-sizes 1GB,4GB --check'.split(
        ' ',
      ),
    );
    expect([...options.parts]).to.deep.equal(['incremental', 'memory']);
    expect(options.changes.map(changeKey)).to.deep.equal(['updates-0.5', 'updates-5', 'deletes-1']);
    expect(inOrder(options.changes).map(changeKey)).to.deep.equal(['updates-0.5', 'deletes-1', 'updates-5']);
    expect(inOrder(readOptions([]).changes).map(changeKey)[0], 'what the goals are about').to.equal(
      'updates-0.1',
    );
    expect(options.memorySizes).to.deep.equal([
      { text: '1GB', bytes: 1e9 },
      { text: '4GB', bytes: 4e9 },
    ]);
    expect(options.check).to.equal(true);
  });

  const wrong: [string, RegExp][] = [
    ['--size huge', /no size from 12MB on/],
    ['--size 1MB', /no size from 12MB on/],
    ['--pairs 0', /no number from 1 to 99/],
    ['--only fulls', /fulls is no part; there are full, incremental/],
    ['--only ,', /nothing is no part/],
    ['--updates 0', /no list of percentages/],
    ['--updates 51', /no list of percentages/],
    ['--inserts 0.1,', /no list of percentages/],
    ['--deletes all', /no list of percentages/],
    ['--memory-sizes 1GB,x', /x is no size/],
    ['--only full --memory-sizes 1GB', /belongs to the part memory/],
    ['--only memory', /needs --memory-sizes/],
    ['--fast', /fast/],
  ];
  for (const [words, message] of wrong) {
    it(`refuse "${words}"`, () => expect(() => readOptions(words.split(' '))).to.throw(message));
  }
});
