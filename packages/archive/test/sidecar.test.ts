import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { canonicalJson } from '../src/canonical-json.js';
import { keyId, macKey } from '../src/key.js';
import { MAX_SIDECAR_BYTES, parseSidecar, type SidecarBody, serializeSidecar } from '../src/sidecar.js';
import { codeOf } from './flow.js';

const KEY = 'the current key, 0123456789abcdefghij';
const HEX = '0123456789abcdef'.repeat(4);

function body(changes: Partial<SidecarBody> = {}): SidecarBody {
  return {
    formatVersion: 1,
    id: '3f0c1b52-7a1c-4d83-9a67-6f3f1d2b8c11',
    source: 'main',
    type: 'full',
    baseId: null,
    sequence: 7,
    previousHmac: 'f'.repeat(64),
    fileName: 'full_backup_20240101_020000.pgdump.enc.gz',
    startedAt: '2024-01-01T02:00:00Z',
    endedAt: '2024-01-01T02:03:04.567Z',
    size: 4096,
    checksum: HEX,
    archiveSize: 4000,
    postgresVersion: '15.18',
    pgDumpVersion: '15.18',
    database: 'clinic',
    compression: 'gzip:9',
    cipher: 'aes-256-cbc-pbkdf2',
    keyId: keyId(KEY),
    snapshot: {
      xmin: '18446744073709551615',
      systemIdentifier: '7300000000000000001',
      timeline: 1,
      databaseOid: 4294967295,
      postmasterStartTime: '2024-01-01 00:00:00.123456+00',
      inRecovery: false,
    },
    tables: [{ schema: 'clinic', name: 'pa"tient","checksum":"Ä', rows: 3 }],
    largeObjects: 2,
    companions: [
      { kind: 'globals', fileName: 'full_backup_20240101_020000.globals.sql.enc', size: 48, sha256: HEX },
    ],
    ...changes,
  };
}

const TEXT = serializeSidecar(body(), KEY);

/** The text with a value changed and everything else, the HMAC too, left as it was. */
function edited(changes: Record<string, unknown>): string {
  return `${canonicalJson({ ...JSON.parse(TEXT), ...changes })}\n`;
}

describe('the sidecar', () => {
  it('comes back as it was written', () => {
    const { hmac, ...read } = parseSidecar(TEXT, KEY);
    expect(read).to.deep.equal(body());
    expect(hmac).to.match(/^[0-9a-f]{64}$/);
  });

  it('is one line with one checksum that grep finds', () => {
    expect(TEXT.match(/\n/g)).to.deep.equal(['\n']);
    expect(TEXT.endsWith('}\n')).to.equal(true);
    expect(TEXT.match(/"checksum":"[^"]*"/g)).to.deep.equal([`"checksum":"${HEX}"`]);
  });

  it('carries a fingerprint, in which a thing called checksum adds no second one', () => {
    const fingerprint = {
      version: 1 as const,
      sealedKey: 'U2FsdGVkX18=',
      largeObjectsHash: HEX.slice(0, 32),
      sequences: [{ schema: 'clinic', name: 'checksum', lastValue: '-9223372036854775808', isCalled: true }],
      extensions: [{ name: 'checksum', version: '1' }],
      objects: [{ kind: 'index' as const, name: '"checksum":"x"', hash: HEX.slice(0, 16) }],
    };
    const tables = [{ schema: 'checksum', name: 'checksum', rows: 1, contentHash: HEX.slice(0, 32) }];
    const text = serializeSidecar(body({ fingerprint, tables }), KEY);
    expect(text.match(/"checksum":/g)).to.have.length(1);
    expect(parseSidecar(text, KEY)).to.deep.include({ fingerprint, tables });
  });

  it('can be checked with openssl alone', () => {
    const script = `sed -E 's/"hmac":"[0-9a-f]{64}",//' | tr -d '\\n' |
      openssl dgst -sha256 -mac HMAC -macopt hexkey:${macKey(KEY).toString('hex')}`;
    const out = execFileSync('sh', ['-c', script], { input: TEXT, encoding: 'utf8' });
    expect(out.trim().slice(-64)).to.equal(parseSidecar(TEXT, KEY).hmac);
  });
});

describe('a sidecar that someone touched', () => {
  it('is never believed with any single bit flipped', async () => {
    const bytes = Buffer.from(TEXT);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(await codeOf(() => parseSidecar(flipped.toString('utf8'), KEY)), `bit ${bit}`).to.not.equal(
        'none',
      );
    }
  });

  it('is never believed cut short', async () => {
    for (let length = 0; length < TEXT.length; length++) {
      expect(await codeOf(() => parseSidecar(TEXT.slice(0, length), KEY))).to.equal('SIDECAR_MALFORMED');
    }
  });

  it('is unauthenticated when values changed or changed places', async () => {
    const original = body();
    const edits = [
      { checksum: 'a'.repeat(64) },
      { startedAt: original.endedAt, endedAt: original.startedAt },
      { size: original.archiveSize, archiveSize: original.size },
      { previousHmac: original.checksum, checksum: original.previousHmac },
      { postgresVersion: '15.180' },
      { sequence: 8 },
      { hmac: HEX },
      { hmac: '' },
      { hmac: null },
      { extra: true },
    ];
    for (const changes of edits) {
      const code = await codeOf(() => parseSidecar(edited(changes), KEY));
      expect(code, Object.keys(changes).join()).to.equal('SIDECAR_UNAUTHENTICATED');
    }
  });

  it('is unauthenticated with the HMAC of another backup', async () => {
    const other = parseSidecar(serializeSidecar(body({ sequence: 8 }), KEY), KEY);
    expect(await codeOf(() => parseSidecar(edited({ hmac: other.hmac }), KEY))).to.equal(
      'SIDECAR_UNAUTHENTICATED',
    );
  });

  it('gains nothing from duplicate keys, white space, other escapes or trailing bytes', async () => {
    const variants = [
      `${TEXT.slice(0, -2)},"checksum":"${'a'.repeat(64)}"}\n`,
      `{"checksum":"${'a'.repeat(64)}",${TEXT.slice(1)}`,
      ` ${TEXT}`,
      `${TEXT} `,
      `${TEXT}${TEXT}`,
      TEXT.trimEnd(),
      TEXT.replace('\n', '\r\n'),
      TEXT.replace('"size":4096', '"size":4096.0'),
      TEXT.replace('clinic', '\\u0063linic'),
      TEXT.replace('{', '{"__proto__":{},'),
      `\uFEFF${TEXT}`,
    ];
    for (const text of variants) {
      expect(text).to.not.equal(TEXT);
      expect(await codeOf(() => parseSidecar(text, KEY))).to.be.oneOf([
        'SIDECAR_MALFORMED',
        'SIDECAR_UNAUTHENTICATED',
      ]);
    }
  });
});

describe('a sidecar of another kind', () => {
  it('names the key it needs', async () => {
    expect(await codeOf(() => parseSidecar(TEXT, 'an older key'))).to.equal('SIDECAR_OTHER_KEY');
  });

  it('of another format version is left alone', async () => {
    for (const formatVersion of [2, 0, '1', null]) {
      expect(await codeOf(() => parseSidecar(edited({ formatVersion }), KEY))).to.equal(
        'SIDECAR_UNKNOWN_VERSION',
      );
    }
  });

  it('is refused when it is no object, too deep or too large, whatever it holds', async () => {
    for (const text of ['[]\n', 'null\n', '""\n', '', '\n', '['.repeat(100_000) + ']'.repeat(100_000)]) {
      expect(await codeOf(() => parseSidecar(text, KEY))).to.equal('SIDECAR_MALFORMED');
    }
    expect(await codeOf(() => parseSidecar(' '.repeat(MAX_SIDECAR_BYTES + 1), KEY))).to.equal(
      'SIDECAR_TOO_LARGE',
    );
  });
});

describe('writing a sidecar', () => {
  const refused: Record<string, Record<string, unknown>> = {
    'a name that leaves the directory': { fileName: '../full_backup_20240101_020000.pgdump.enc.gz' },
    'a local time': { startedAt: '2024-01-01T02:00:00+01:00' },
    'an incremental without a base': { type: 'incremental' },
    'a full backup with a base': { baseId: '3f0c1b52-7a1c-4d83-9a67-6f3f1d2b8c12' },
    'sequence zero': { sequence: 0 },
    'a checksum in upper case': { checksum: 'A'.repeat(64) },
    'an unknown field': { contentHash: HEX },
    'a fingerprint of other rules': { fingerprint: { version: 2 } },
    'a content hash of another length': {
      tables: [{ schema: 's', name: 't', rows: 1, contentHash: HEX }],
    },
    'a fraction of a row': { tables: [{ schema: 's', name: 't', rows: 1.5 }] },
    'a field left out': { size: undefined },
  };
  for (const [what, changes] of Object.entries(refused)) {
    it(`refuses ${what}`, async () => {
      const wrong = { ...body(), ...changes } as SidecarBody;
      expect(await codeOf(() => serializeSidecar(wrong, KEY))).to.equal('SIDECAR_MALFORMED');
    });
  }

  it('refuses a key id that is not the key it authenticates with', async () => {
    expect(await codeOf(() => serializeSidecar(body(), 'another key'))).to.equal('SIDECAR_OTHER_KEY');
  });
});
