import { expect } from 'chai';
import { age, bytes, count, duration, seconds, time } from '../src/format.js';

describe('a number of bytes for people', () => {
  const cases: [number | null, string][] = [
    [null, ''],
    [0, '0 B'],
    [1, '1 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [1_049, '1.0 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [999_999, '1.0 MB'],
    [1_000_000, '1.0 MB'],
    [5_368_709_120, '5.4 GB'],
    [1e12, '1.0 TB'],
    [5e15, '5000.0 TB'],
  ];
  for (const [value, shown] of cases) {
    it(`shows ${value} as "${shown}"`, () => {
      expect(bytes(value)).to.equal(shown);
    });
  }
});

describe('a length of time for people', () => {
  const cases: [number, string][] = [
    [0, '0.0 s'],
    [0.04, '0.0 s'],
    [4.2, '4.2 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [59.6, '1 min'],
    [60, '1 min'],
    [89, '1 min'],
    [90, '2 min'],
    [3_569, '59 min'],
    [3_571, '1 h 00 min'],
    [3_720, '1 h 02 min'],
    [90_000, '25 h 00 min'],
  ];
  for (const [value, shown] of cases) {
    it(`shows ${value} s as "${shown}"`, () => {
      expect(seconds(value)).to.equal(shown);
    });
  }

  it('is the difference of two times, and nothing where one is unknown', () => {
    const [from, to] = [new Date('2024-01-01T02:00:00Z'), new Date('2024-01-01T02:00:04.250Z')];
    expect(duration(from, to)).to.equal('4.3 s');
    expect(duration(null, to) + duration(from, null) + duration(null, null)).to.equal('');
  });
});

describe('a time for people', () => {
  it('is UTC to the second', () => {
    expect(time(new Date('2024-01-01T02:00:00.999+05:00'))).to.equal('2023-12-31 21:00:00');
    expect(time(null)).to.equal('');
  });
});

describe('an age for people', () => {
  const cases: [number, string][] = [
    [-5, '0 min'],
    [29, '0 min'],
    [2_100, '35 min'],
    [5_399, '90 min'],
    [5_400, '2 h'],
    [93_600, '26 h'],
    [172_799, '48 h'],
    [172_800, '2 days'],
    [700_000, '8 days'],
  ];
  for (const [value, shown] of cases) {
    it(`shows ${value} s as "${shown}"`, () => {
      expect(age(value)).to.equal(shown);
    });
  }
});

describe('a count for people', () => {
  it('knows one from many', () => {
    const shown = [count(0, 'backup'), count(1, 'backup'), count(2, 'backup'), count(3, 'copy', 'copies')];
    expect(shown).to.deep.equal(['0 backups', '1 backup', '2 backups', '3 copies']);
  });
});
