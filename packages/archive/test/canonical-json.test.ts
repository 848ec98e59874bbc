import { expect } from 'chai';
import { canonicalJson } from '../src/canonical-json.js';

describe('canonical JSON', () => {
  it('sorts keys by code unit at every depth and puts no white space', () => {
    const value = {
      b: [1, { d: null, c: true }],
      Z: 'z',
      a: 1.5,
      é: '',
      '10': 0,
      '9': 0,
      '\u{1F600}': 1,
      '\uFB00': 2,
    };
    expect(canonicalJson(value)).to.equal(
      '{"10":0,"9":0,"Z":"z","a":1.5,"b":[1,{"c":true,"d":null}],"é":"","\u{1F600}":1,"\uFB00":2}',
    );
  });

  it('stays on one line whatever the text', () => {
    expect(canonicalJson('a\nb\u2028"\\\u0000')).to.equal('"a\\nb\u2028\\"\\\\\\u0000"');
  });

  it('writes equal values alike, whatever their history', () => {
    expect(canonicalJson({ a: 1, b: -0 })).to.equal(canonicalJson(JSON.parse('{"b":0,"a":1e0}')));
  });

  it('refuses what JSON cannot carry', () => {
    const circular: unknown[] = [];
    circular.push(circular);
    const impossible = [undefined, { a: undefined }, [undefined], new Array(1), Number.NaN, Infinity, 1n];
    for (const value of [...impossible, () => 0, Symbol('s'), new Date(), new Map(), circular]) {
      expect(() => canonicalJson(value)).to.throw(TypeError);
    }
  });
});
