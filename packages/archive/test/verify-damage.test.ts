import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { expect } from 'chai';
import { createGzipFrame } from '../src/gzip-frame.js';
import { createSealer } from '../src/seal.js';
import { entry, head, tableData, toc } from './custom-format-writer.js';
import { ARCHIVE, described, PASSPHRASE, seal, verify } from './described-backup.js';
import { flow } from './flow.js';

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const place = at < 0 ? copy.length + at : at;
  copy.writeUInt8(copy.readUInt8(place) ^ 1, place);
  return copy;
}

describe('a stored backup file', () => {
  let file: Buffer;
  before(async () => {
    file = await seal(ARCHIVE);
  });

  it('that openssl and gzip made passes as well', async () => {
    const env = { ...process.env, KEY: PASSPHRASE };
    const command = 'openssl enc -aes-256-cbc -pbkdf2 -pass env:KEY | gzip -n -c';
    const made = execFileSync('sh', ['-c', command], { input: ARCHIVE, env });
    expect(await verify(made, described(made, ARCHIVE))).to.deep.equal({ ok: true });
  });

  for (const cut of [1, 16, 32, 4096]) {
    it(`is not believed when ${cut} bytes are cut off, even where its sidecar says so`, async () => {
      const short = file.subarray(0, -cut);
      expect(await verify(short, described(file, ARCHIVE))).to.include({ ok: false, step: 'size' });
      expect(await verify(short, described(short, ARCHIVE))).to.include({ ok: false, step: 'gzip' });
    });
  }

  it('is not believed when it is empty', async () => {
    expect(await verify(Buffer.alloc(0), described(file, ARCHIVE))).to.include({ ok: false, step: 'size' });
  });

  const places: readonly [place: string, at: number][] = [
    ['the gzip header', 3],
    ['the magic', 15],
    ['the salt', 25],
    ['the middle', 4000],
    ['the last block of ciphertext', -20],
    ['the gzip trailer', -1],
  ];
  for (const [place, at] of places) {
    it(`is not believed with a bit flipped in ${place}: checksum, and gzip where that was made to fit`, async () => {
      const damaged = flipped(file, at);
      expect(await verify(damaged, described(file, ARCHIVE))).to.include({ ok: false, step: 'checksum' });
      expect(await verify(damaged, described(damaged, ARCHIVE))).to.include({ ok: false, step: 'gzip' });
    });
  }

  it('is not believed with a second gzip member, or with anything behind the first', async () => {
    const nothing = await flow([], createGzipFrame());
    for (const behind of [file, nothing, Buffer.alloc(1), Buffer.from('behind')]) {
      const longer = Buffer.concat([file, behind]);
      expect(await verify(longer, described(longer, ARCHIVE))).to.include({ ok: false, step: 'gzip' });
    }
  });

  it('is not believed with any part of its ciphertext cut out under a gzip frame and a sidecar that fit', async () => {
    const cipher = await flow(ARCHIVE, createSealer(PASSPHRASE));
    for (let at = 16; at + 32 < cipher.length; at += 160) {
      const spliced = await flow(
        Buffer.concat([cipher.subarray(0, at), cipher.subarray(at + 16)]),
        createGzipFrame(),
      );
      const verdict = await verify(spliced, described(spliced, ARCHIVE));
      expect(verdict.ok, `block at ${at}`).to.equal(false);
    }
  });
});

/** COPY text as pg_dump ends it. */
const copy = (...rows: string[]) => deflateSync(`${rows.map((row) => `${row}\n`).join('')}\\.\n\n\n`);

/** An archive of tables in the schema public, each with its stored data. */
function archiveOf(...tables: [tag: string, stored: Buffer, desc?: string][]): Buffer {
  return Buffer.concat([
    head({ algorithm: 1 }),
    toc(...tables.map(([tag, , desc = 'TABLE DATA'], at) => entry({ dumpId: at + 1, tag, desc }))),
    ...tables.map(([, stored], at) => tableData(at + 1, stored)),
  ]);
}

describe('an archive that was spliced and sealed anew with the right key', () => {
  const claimed = [
    { schema: 'public', name: 'patient', rows: 2 },
    { schema: 'public', name: 'visit', rows: 3 },
  ];
  const patient = copy('1\tInvented', '2\t\\N');
  const visit = copy('1', '2', '3');

  async function verdictOf(archive: Buffer, tables = claimed) {
    const file = await seal(archive);
    return verify(file, described(file, archive, { tables, largeObjects: 0 }));
  }

  it('is sound as it was', async () => {
    expect(await verdictOf(archiveOf(['patient', patient], ['visit', visit]))).to.deep.equal({ ok: true });
  });

  const splices: readonly [what: string, archive: Buffer, step: string, says: RegExp][] = [
    [
      'a row less',
      archiveOf(['patient', copy('1\tInvented')], ['visit', visit]),
      'rows',
      /patient has 1 row/,
    ],
    ['a table less', archiveOf(['patient', patient]), 'rows', /visit is not in the archive/],
    [
      'a table more',
      archiveOf(['patient', patient], ['visit', visit], ['more', copy()]),
      'rows',
      /tables that the sidecar does not name/,
    ],
    ['its tables swapped', archiveOf(['patient', visit], ['visit', patient]), 'rows', /patient has 3 rows/],
    [
      'a table twice, which would be filled twice',
      archiveOf(['patient', patient], ['visit', visit], ['visit', visit]),
      'rows',
      /visit occurs twice/,
    ],
    [
      'data of a kind that has none',
      archiveOf(['patient', patient], ['visit', visit], ['s', copy(), 'SEQUENCE SET']),
      'archive',
      /dump id 3 has data/,
    ],
    [
      'a second stream behind the rows',
      archiveOf(['patient', patient], ['visit', Buffer.concat([visit, copy()])]),
      'archive',
      /data follows the end/,
    ],
    [
      'its last rows and their terminator gone',
      archiveOf(['patient', patient], ['visit', deflateSync('1\n2\n3\n')]),
      'archive',
      /without their terminator/,
    ],
  ];
  for (const [what, archive, step, says] of splices) {
    it(`is found with ${what}: step ${step}`, async () => {
      const verdict = await verdictOf(archive);
      expect(verdict).to.include({ ok: false, step });
      expect(verdict.ok ? '' : verdict.reason).to.match(says);
    });
  }

  it('counts awkward values: no columns, carriage returns, a backslash and a dot, a row of 2 MB', async () => {
    const stored = copy('', '', 'a\\r\tb\r', '\\\\.', '\\N', 'x'.repeat(2_000_000));
    const tables = [{ schema: 'public', name: 'odd', rows: 6 }];
    expect(await verdictOf(archiveOf(['odd', stored]), tables)).to.deep.equal({ ok: true });
  });
});

describe('the step that is blamed', () => {
  it('is the first, though a later one stumbles sooner: a gzip CRC before a lost magic', async () => {
    const damaged = flipped(await flow(ARCHIVE, createGzipFrame()), -8);
    expect(await verify(damaged, described(damaged, ARCHIVE))).to.include({ ok: false, step: 'gzip' });
  });

  it('is the decryption, though the archive has no head: the ciphertext was cut and its padding lost', async () => {
    const cipher = await flow(createHash('sha256').digest(), createSealer(PASSPHRASE));
    const damaged = await flow(cipher.subarray(0, -3), createGzipFrame());
    expect(await verify(damaged, described(damaged, ARCHIVE))).to.include({ ok: false, step: 'decryption' });
  });
});
