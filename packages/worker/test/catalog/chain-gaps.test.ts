import { expect } from 'chai';
import { gapsOf, type Link } from '../../src/catalog/chain-gaps.js';

/** Links with these numbers, each following the one before. */
function chain(...numbers: number[]): Link[] {
  return numbers.map((sequence) => ({
    fileName: `full_${sequence}`,
    sequence,
    hmac: `hmac ${sequence}`,
    previousHmac: sequence === 1 ? null : `hmac ${sequence - 1}`,
  }));
}

describe('The chain of a source’s sidecars', () => {
  const rows: [string, Link[], string[]][] = [
    ['is whole when there is none', [], []],
    ['is whole when each follows the one before, in whatever order they are read', chain(2, 1, 3), []],
    [
      'shows one that was removed',
      chain(1, 3),
      ['number 2 before full_3: not there; retention removed them, or they are lost'],
    ],
    [
      'shows that its oldest were removed',
      chain(4, 5),
      ['numbers 1 to 3 before full_4: not there; retention removed them, or they are lost'],
    ],
    [
      'shows one that follows another than it says',
      [...chain(1), { ...(chain(2)[0] as Link), previousHmac: 'another' }],
      ['full_2 does not follow full_1'],
    ],
    [
      'shows two of one number',
      [...chain(1, 2), { ...(chain(2)[0] as Link), fileName: 'emergency_2', hmac: 'own' }],
      ['emergency_2 does not follow full_2'],
    ],
  ];
  for (const [promise, links, gaps] of rows) {
    it(promise, () => expect(gapsOf(links)).to.deep.equal(gaps));
  }
});
