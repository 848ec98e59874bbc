import { expect } from 'chai';
import { compareFingerprints, MAX_FINDINGS } from '../../src/fingerprint/compare-fingerprints.js';
import type { Fingerprint } from '../../src/fingerprint/fingerprint.js';

const HASH = 'a'.repeat(32);
const OTHER = 'b'.repeat(32);

function fingerprint(changes: Partial<Fingerprint> = {}): Fingerprint {
  return {
    serverVersion: '15.18',
    tables: [{ schema: 'public', name: 'patients', rows: 3, contentHash: HASH }],
    keyHashCanary: null,
    largeObjects: { count: 1, hash: HASH },
    sequences: [{ schema: 'public', name: 's', lastValue: '9223372036854775807', isCalled: true }],
    extensions: [{ name: 'hstore', version: '1.8' }],
    objects: [
      { kind: 'index', name: 'i on public.patients', hash: 'a' },
      { kind: 'index', name: 'i on public.patients', hash: 'b' },
    ],
    ...changes,
  };
}

/** What the copy is like, and what is found: kind, object, expected, actual. */
const CASES: readonly (readonly [what: string, copy: Partial<Fingerprint>, ...found: string[]])[] = [
  ['nothing', {}],
  [
    'rows alone, without a second finding about contents',
    { tables: [{ schema: 'public', name: 'patients', rows: 2, contentHash: OTHER }] },
    'rows public.patients 3 2',
  ],
  [
    'a table of the same name in another schema',
    { tables: [{ schema: 'Public', name: 'patients', rows: 3, contentHash: HASH }] },
    'table public.patients there null',
  ],
  ['fewer large objects', { largeObjects: { count: 0, hash: OTHER } }, 'large-objects large objects 1 0'],
  [
    'other large objects',
    { largeObjects: { count: 1, hash: OTHER } },
    'large-objects large objects the same bytes other bytes',
  ],
  [
    'a sequence beyond what a number holds',
    { sequences: [{ schema: 'public', name: 's', lastValue: '9223372036854775806', isCalled: true }] },
    'sequence public.s 9223372036854775807 9223372036854775806',
  ],
  ['another version of an extension, which is none', { extensions: [{ name: 'hstore', version: '1.9' }] }],
  ['no extension', { extensions: [] }, 'extension hstore 1.8 null'],
  [
    'one of two things that share a name',
    { objects: [{ kind: 'index', name: 'i on public.patients', hash: 'a' }] },
    'index i on public.patients the same definition another definition',
  ],
  [
    'the other order of things that share a name, which is none',
    { objects: [...(fingerprint().objects ?? [])].reverse() },
  ],
  ['another minor version, which is none', { serverVersion: '15.2' }],
  [
    'a definition under another major version, which is none',
    {
      serverVersion: '17.2',
      objects: [
        { kind: 'index', name: 'i on public.patients', hash: 'z' },
        { kind: 'trigger', name: 'more', hash: 'z' },
      ],
    },
  ],
  [
    'a missing thing under another major version',
    { serverVersion: '17.2', objects: [] },
    'index i on public.patients there null',
  ],
];

describe('the comparison of two fingerprints', () => {
  for (const [what, copy, ...found] of CASES) {
    it(`finds ${what}`, () => {
      const { findings, differences } = compareFingerprints(fingerprint(), fingerprint(copy));
      const lines = findings.map((one) => `${one.kind} ${one.object} ${one.expected} ${one.actual}`);
      expect(lines).to.deep.equal(found);
      expect(differences).to.equal(found.length);
    });
  }

  it('says what it did not compare', () => {
    const old = fingerprint({
      tables: [{ schema: 'public', name: 'patients', rows: 3 }],
      largeObjects: { count: 1, hash: null },
      sequences: null,
      extensions: null,
      objects: null,
    });
    const sentences = (expected: Fingerprint, copy: Fingerprint) => {
      const { findings, notCompared } = compareFingerprints(expected, copy);
      expect(findings).to.deep.equal([]);
      return notCompared.join('\n');
    };
    expect(sentences(fingerprint(), fingerprint())).to.equal('');
    expect(sentences(old, fingerprint())).to.contain('only rows were compared');
    expect(sentences(fingerprint({ objects: null }), fingerprint())).to.contain('too many');
    expect(sentences(fingerprint(), fingerprint({ serverVersion: '18.0' }))).to.contain('15, the copy is 18');
    expect(
      sentences(fingerprint(), fingerprint({ extensions: [{ name: 'hstore', version: '2' }] })),
    ).to.contain('it was 1.8');
  });

  describe('of an incremental, of a table that changed row by row', () => {
    const of = (keyHash: string, keyHashCanary: string) =>
      fingerprint({ tables: [{ schema: 'public', name: 'visits', rows: 3, keyHash }], keyHashCanary });

    it('finds other keys', () => {
      const { findings, notCompared } = compareFingerprints(of(HASH, '1'), of(OTHER, '1'));
      expect(findings).to.deep.equal([
        { kind: 'keys', object: 'public.visits', expected: 'the same keys', actual: 'other keys' },
      ]);
      expect(notCompared).to.deep.equal([]);
      expect(compareFingerprints(of(HASH, '1'), of(HASH, '1')).findings).to.deep.equal([]);
    });

    it('says that a server which hashes otherwise cannot tell', () => {
      const copy = fingerprint({
        tables: [{ schema: 'public', name: 'visits', rows: 3 }],
        keyHashCanary: '2',
      });
      const { findings, notCompared } = compareFingerprints(of(HASH, '1'), copy);
      expect(findings).to.deep.equal([]);
      expect(notCompared.join()).to.contain('The keys of 1 table(s)');
    });
  });

  it('names the first differences and counts all of them', () => {
    const tables = Array.from({ length: 1000 }, (_, at) => ({
      schema: 's',
      name: `t${at}`,
      rows: 1,
      contentHash: HASH,
    }));
    const { findings, differences } = compareFingerprints(
      fingerprint({ tables }),
      fingerprint({ tables: [] }),
    );
    expect(findings).to.have.length(MAX_FINDINGS);
    expect(differences).to.equal(1000);
  });
});
