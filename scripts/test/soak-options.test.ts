import { expect } from 'chai';
import { readOptions } from '../soak/options.js';

describe('The options of the soak', () => {
  it('are twenty minutes, four workers and a seed of its own, unless others are given', () => {
    expect(readOptions([])).to.include({ help: false, minutes: 20, workers: 4 });
    expect(readOptions([]).seed).to.be.within(0, 999_999);
    expect(readOptions(['--minutes', '1', '--seed', '7', '--workers', '2'])).to.deep.equal({
      help: false,
      minutes: 1,
      seed: 7,
      workers: 2,
    });
  });

  for (const argv of [
    ['--minutes', '0'],
    ['--minutes', '1.5'],
    ['--workers', 'many'],
    ['--seed', '-1'],
    ['--hours', '1'],
    ['now'],
  ]) {
    it(`refuse ${argv.join(' ')}`, () => {
      expect(() => readOptions(argv)).to.throw(/--|argument/i);
    });
  }
});
