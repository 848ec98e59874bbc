import { expect } from 'chai';
import { spread } from '../bench/spread.js';
import { formatBytes, formatCount, formatSeconds, parseSize } from '../demo/figures.js';

describe('figures of demo and benchmark', () => {
  const sizes: [string, number | null][] = [
    ['200MB', 200_000_000],
    ['1.5 gb', 1_500_000_000],
    ['42', 42],
    ['MB', null],
    ['-1MB', null],
    ['1e9', null],
    ['', null],
  ];
  for (const [text, bytes] of sizes) {
    it(`reads the size "${text}" as ${bytes}`, () => expect(parseSize(text)).to.equal(bytes));
  }

  it('are written in the unit that fits', () => {
    expect([0, 999, 1000, 93_123_456, 201_000_000, 4e9].map(formatBytes)).to.deep.equal([
      '0 bytes',
      '999 bytes',
      '1.0 kB',
      '93.1 MB',
      '201 MB',
      '4.0 GB',
    ]);
    expect([0.44, 2, 12.3, 65, 3600].map(formatSeconds)).to.deep.equal([
      '0.4 s',
      '2 s',
      '12 s',
      '1 min 05 s',
      '60 min 00 s',
    ]);
    expect([7, 1234, 1_234_567].map(formatCount)).to.deep.equal(['7', '1 234', '1 234 567']);
  });

  it('are summed up by their middle and their ends', () => {
    expect(spread([3, 1, 10])).to.deep.equal({ median: 3, min: 1, max: 10 });
    expect(spread([4, 1, 2, 10])).to.deep.equal({ median: 3, min: 1, max: 10 });
  });
});
