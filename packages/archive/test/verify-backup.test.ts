import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { createGzipFrame } from '../src/gzip-frame.js';
import { createSealer } from '../src/seal.js';
import type { SidecarBody } from '../src/sidecar.js';
import { verifyBackup, verifyCompanion } from '../src/verify-backup.js';
import { ARCHIVE, described, PASSPHRASE, seal, TABLES, verify } from './described-backup.js';
import { flow, pieces } from './flow.js';
import { golden } from './golden.js';

describe('the verification of a backup file', () => {
  let file: Buffer;
  before(async () => {
    file = await seal(ARCHIVE);
  });

  it('passes a sound one, and tells how far it is', async () => {
    const seen: number[] = [];
    const backup = {
      size: file.length,
      read: () => Readable.from(pieces(file, 1000)),
      sidecar: described(file, ARCHIVE),
      passphrase: PASSPHRASE,
    };
    const options = { signal: new AbortController().signal, onProgress: (done: number) => seen.push(done) };
    expect(await verifyBackup(backup, options)).to.deep.equal({ ok: true });
    expect(seen.at(-1)).to.equal(2 * file.length);
    expect(seen.every((done, at) => at === 0 || done >= (seen[at - 1] ?? 0))).to.equal(true);
  });

  it('decrypts nothing of a file whose hash does not fit', async () => {
    let reads = 0;
    const damaged = Buffer.from(file);
    damaged[30] = (damaged[30] ?? 0) ^ 1;
    const read = () => {
      reads += 1;
      return Readable.from(pieces(damaged, 1000));
    };
    const sidecar = described(file, ARCHIVE);
    const verdict = await verifyBackup(
      { size: file.length, read, sidecar, passphrase: PASSPHRASE },
      { signal: new AbortController().signal },
    );
    expect(verdict).to.include({ ok: false, step: 'checksum' });
    expect(reads).to.equal(1);
  });

  // The sidecars below are authentic and describe the damaged file: as if the damage had been done before publishing.
  const framed = (inner: Buffer) => flow(inner, createGzipFrame());
  const sealed = (archive: Buffer) => flow(archive, createSealer(PASSPHRASE));
  const faults: readonly { fault: string; step: string; make: () => Promise<Buffer> }[] = [
    { fault: 'no gzip at all', step: 'gzip', make: () => sealed(ARCHIVE) },
    {
      fault: 'a gzip frame cut short',
      step: 'gzip',
      make: async () => (await seal(ARCHIVE)).subarray(0, -4),
    },
    { fault: 'plain text inside', step: 'decryption', make: () => framed(ARCHIVE) },
    {
      fault: 'ciphertext cut short',
      step: 'decryption',
      make: async () => framed((await sealed(ARCHIVE)).subarray(0, -3)),
    },
    {
      fault: 'blocks of ciphertext cut out',
      step: 'archive',
      make: async () => {
        const cipher = await sealed(ARCHIVE);
        return framed(Buffer.concat([cipher.subarray(0, 4096), cipher.subarray(4096 + 320)]));
      },
    },
    { fault: 'an archive cut short', step: 'archive', make: () => seal(ARCHIVE.subarray(0, -100)) },
    {
      fault: 'something behind the archive',
      step: 'archive',
      make: () => seal(Buffer.concat([ARCHIVE, Buffer.from('x')])),
    },
    { fault: 'another archive', step: 'rows', make: () => seal(golden('pg17-gzip9.pgdump')) },
  ];
  for (const { fault, step, make } of faults) {
    it(`finds ${fault}: step ${step}`, async () => {
      const damaged = await make();
      const verdict = await verify(damaged, described(damaged, ARCHIVE));
      expect(verdict).to.include({ ok: false, step });
    });
  }

  const lies: readonly { lie: string; of: Partial<SidecarBody>; says: RegExp }[] = [
    {
      lie: 'one row more',
      of: { tables: [...TABLES.slice(0, 2), { schema: 'clinic', name: 'visit', rows: 61 }] },
      says: /clinic\.visit has 60 rows in the archive, the sidecar says 61/,
    },
    {
      lie: 'a table more',
      of: { tables: [...TABLES, { schema: 'clinic', name: 'gone', rows: 0 }] },
      says: /clinic\.gone is not in the archive/,
    },
    { lie: 'a table less', of: { tables: TABLES.slice(1) }, says: /tables that the sidecar does not name/ },
    { lie: 'a large object less', of: { largeObjects: 2 }, says: /3 large objects, the sidecar says 2/ },
    { lie: 'another archive size', of: { archiveSize: 1 }, says: /bytes, the sidecar says 1/ },
  ];
  for (const { lie, of, says } of lies) {
    it(`compares the archive with the sidecar: ${lie}`, async () => {
      const verdict = await verify(file, described(file, ARCHIVE, of));
      expect(verdict).to.include({ ok: false, step: 'rows' });
      expect(verdict.ok ? '' : verdict.reason).to.match(says);
    });
  }

  it('gives no verdict when it was told to stop or could not read', async () => {
    const sidecar = described(file, ARCHIVE);
    const stop = AbortSignal.abort(new Error('stop'));
    const backup = {
      size: file.length,
      read: () => Readable.from(pieces(file, 1000)),
      sidecar,
      passphrase: PASSPHRASE,
    };
    expect(await verifyBackup(backup, { signal: stop }).then(null, () => 'rejected')).to.equal('rejected');
    const read = () =>
      Readable.from(
        (function* () {
          yield file.subarray(0, 10);
          throw Object.assign(new Error('EIO'), { code: 'EIO' });
        })(),
      );
    const failing = { ...backup, read };
    const signal = new AbortController().signal;
    expect(
      await verifyBackup(failing, { signal }).then(null, (error: { code: string }) => error.code),
    ).to.equal('EIO');
  });
});

describe('the verification of a companion', () => {
  it('checks size, hash and decryption', async () => {
    const content = await flow(Buffer.from('CREATE ROLE nurse;\n'), createSealer(PASSPHRASE));
    const expected = { size: content.length, sha256: createHash('sha256').update(content).digest('hex') };
    const check = (bytes: Buffer, want = expected) =>
      verifyCompanion(
        { size: bytes.length, read: () => Readable.from([bytes]), expected: want, passphrase: PASSPHRASE },
        new AbortController().signal,
      );
    expect(await check(content)).to.deep.equal({ ok: true });
    expect(await check(content.subarray(1))).to.include({ ok: false, step: 'size' });
    expect(await check(Buffer.from(content).fill(0, 20, 21))).to.include({ ok: false, step: 'checksum' });
    const plain = Buffer.from('CREATE ROLE nurse;\n');
    const described = { size: plain.length, sha256: createHash('sha256').update(plain).digest('hex') };
    expect(await check(plain, described)).to.include({ ok: false, step: 'decryption' });
  });
});
