import { expect } from 'chai';
import { decoderOf } from '../src/custom-format/text-encoding.js';

describe('Names in an archive', () => {
  const rows: [string, string, string][] = [
    ['UTF8', 'c3bc', 'ü'],
    ['LATIN1', 'fc', 'ü'],
    ['LATIN2', 'b3', 'ł'],
    ['LATIN9', 'a4', '€'],
    ['WIN1251', 'd4', 'Ф'],
    ['KOI8R', 'c6', 'ф'],
    ['EUC_JP', 'cdd2', '窯'],
    ['EUC_CN', 'd6d0', '中'],
    ['SQL_ASCII', 'c3bc', 'ü'],
  ];
  for (const [name, hex, text] of rows) {
    it(`are read in ${name} where the archive says so`, () => {
      const decode = decoderOf(`SET client_encoding = '${name}';\n`);
      expect(decode(Buffer.from(hex, 'hex'))).to.equal(text);
    });
  }

  it('are read as UTF-8 where the archive does not say, or names an encoding without a decoder', () => {
    for (const definition of [null, `SET client_encoding = 'MULE_INTERNAL';\n`]) {
      expect(decoderOf(definition)(Buffer.from('c3bc', 'hex'))).to.equal('ü');
    }
  });
});
