import { randomBytes } from 'node:crypto';
import { cpSync, createReadStream, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Sidecar, type SidecarBody, serializeSidecar } from '@safekeep/archive/sidecar';
import { Secret } from '@safekeep/shared/config/secret';
import { filesOf } from '@safekeep/shared/storage/backup-names';
import { expect } from 'chai';
import { emptyDatabase, sql } from '../../../shared/test/servers.js';
import { openCheckedChain, type StoredChain } from '../../src/jobs/checked-chain.js';
import { DistrustError } from '../../src/jobs/stored-backup.js';
import { verify } from '../../src/jobs/verify.js';
import { faultOfManifest } from '../../src/jobs/verify-manifest.js';
import { incrementOn } from './hand-made-chain.js';
import { REPLACEMENTS, whileReplaced } from './replaced-files.js';
import { storedBackupOf, type TakenBackup } from './stored-backup-of.js';

const NEVER = new AbortController().signal;

describe('an incremental and its base', function () {
  this.timeout(60_000);
  let base: TakenBackup;
  let tip: TakenBackup;
  /** Other fulls of the same source: a later one, and one with another key. */
  let others: { sameKey: TakenBackup; otherKey: TakenBackup };

  before(async () => {
    const source = await emptyDatabase();
    await sql(source, 'CREATE TABLE patients AS SELECT g AS id FROM generate_series(1, 500) g');
    base = await storedBackupOf(source);
    await sql(source, 'INSERT INTO patients SELECT g FROM generate_series(501, 5000) g');
    others = {
      sameKey: await storedBackupOf(source, base.stored.encryptionKey),
      otherKey: await storedBackupOf(source),
    };
    tip = await incrementOn(base);
  });

  const verdictOf = async (stored: StoredChain = tip.stored) =>
    verify({ ...stored, programDirectories: [], onProgress: () => {} }, NEVER);

  /** The verdict and the sentence with which a chain is not opened. */
  async function refusal(stored: StoredChain = tip.stored): Promise<{ verdict: string; reason: string }> {
    const opened = await openCheckedChain(stored, { signal: NEVER }).catch((error: unknown) => error);
    if (opened instanceof DistrustError) return opened.distrust;
    throw new Error('it was opened');
  }

  /** Another authentic sidecar of the base in the place of its own. */
  async function withBaseSidecar<T>(
    change: (body: SidecarBody) => SidecarBody,
    work: () => Promise<T>,
  ): Promise<T> {
    const truth = readFileSync(`${base.file}.meta`, 'utf8');
    const { hmac: _, ...body } = base.sidecar;
    writeFileSync(`${base.file}.meta`, serializeSidecar(change(body), base.stored.encryptionKey.reveal()));
    return work().finally(() => writeFileSync(`${base.file}.meta`, truth));
  }

  it('are opened together, the base first to be restored, and checked to the last byte of both', async () => {
    const seen: number[] = [];
    const onProgress = (done: number, total: number) => {
      expect(total).to.equal(base.sidecar.size + tip.sidecar.size);
      seen.push(done);
    };
    const chain = await openCheckedChain(tip.stored, { signal: NEVER, onProgress });
    await chain.close();
    expect(chain.sidecar.id).to.equal(tip.sidecar.id);
    expect(chain.full.sidecar.id).to.equal(base.sidecar.id);
    expect(chain.full.toc.entries.some(({ tag }) => tag === 'patients')).to.equal(true);
    expect(chain.increment?.toc.entries.some(({ tag }) => tag === 'r0')).to.equal(true);
    expect(seen).to.deep.equal([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).to.equal(chain.size);
  });

  it('are sound; the verification of the incremental counts the rows that it stages', async () => {
    expect(await verdictOf()).to.deep.equal({ verdict: 'sound', reason: null, failedAtByte: null });
    const { delta } = tip.sidecar;
    const staged = [{ name: 'r0', rows: 8 }];
    const liar = await incrementOn(base, { ...(delta && { delta: { ...delta, staged } }) });
    const found = await verdictOf(liar.stored);
    expect(found.verdict).to.equal('rows');
    expect(found.reason).to.equal(
      'the table safekeep_delta.r0 has 7 rows in the archive, the sidecar says 8',
    );
    rmSync(liar.file);
    rmSync(`${liar.file}.meta`);
  });

  it('a manifest that was written for other rows than its backup’s is found when the base is verified', async () => {
    const { fileName, tables } = base.sidecar;
    const path = join(base.directory, filesOf(fileName).manifest);
    const passphrase = base.stored.encryptionKey.reveal();
    const fault = (sidecar: Pick<Sidecar, 'id' | 'tables'>, file = path) =>
      faultOfManifest(createReadStream(file), sidecar, passphrase);
    expect(await fault(base.sidecar)).to.equal(null);
    expect(await fault({ id: tip.sidecar.id, tables })).to.equal('it belongs to another backup');
    const { id } = base.sidecar;
    const [first] = tables as [Sidecar['tables'][number]];
    expect(await fault({ id, tables: [{ ...first, rows: 501 }] })).to.match(
      /500 rows of public.patients, the sidecar 501/,
    );
    expect(await fault({ id, tables: [first, { ...first, name: 'gone' }] })).to.equal(
      'it lacks 1 table(s) of the sidecar',
    );
    expect(await fault({ id, tables: [] })).to.match(/the sidecar no such table/);
    expect(await fault(base.sidecar, join(base.directory, filesOf(fileName).globals))).to.match(
      /^the manifest is broken/,
    );
  });

  for (const replacement of REPLACEMENTS) {
    const { what, stop } = replacement;
    it(`with ${what} in the place of the base: nothing is opened, and the verdict says base`, async () => {
      await whileReplaced(base, others, replacement, async () => {
        const { verdict, reason } = await refusal();
        expect(verdict).to.equal('base');
        expect(reason).to.contain(`its base ${base.sidecar.fileName} is not`);
        if (stop === 'KEY_UNKNOWN') expect(reason).to.contain('another key');
        else expect(reason).to.contain(`(${stop})`);
        expect((await verdictOf()).verdict).to.equal('base');
      });
    });
  }

  it('one wrong bit of the base is found before anything is decrypted; the base’s own verification finds it too', async () => {
    const whole = readFileSync(base.file);
    const broken = Buffer.from(whole);
    broken[whole.length >> 1] = (broken[whole.length >> 1] ?? 0) ^ 1;
    writeFileSync(base.file, broken);
    try {
      expect(await refusal()).to.include({ verdict: 'base' });
      expect((await refusal()).reason).to.contain('(checksum)');
      expect((await verdictOf(base.stored)).verdict).to.equal('checksum');
    } finally {
      writeFileSync(base.file, whole);
    }
  });

  const sidecars: readonly [string, (body: SidecarBody) => SidecarBody, RegExp][] = [
    [
      'another one of the very base',
      (body) => ({ ...body, sequence: body.sequence + 1 }),
      /authentic, but not the one/,
    ],
    ['one of another source', (body) => ({ ...body, source: 'lab' }), /belongs to the source lab/],
    [
      'one of another timeline',
      (body) => ({ ...body, snapshot: { ...body.snapshot, timeline: 9 } }),
      /not the one/,
    ],
  ];
  for (const [what, change, says] of sidecars) {
    it(`with ${what} as its sidecar the base is refused`, async () => {
      await withBaseSidecar(change, async () => {
        expect((await refusal()).reason).to.match(says);
        expect((await verdictOf()).reason).to.match(says);
      });
    });
  }

  it('another full of the same source under the base’s name and sidecar is refused', async () => {
    const replace = () => {
      cpSync(others.sameKey.file, base.file);
      cpSync(`${others.sameKey.file}.meta`, `${base.file}.meta`);
    };
    await whileReplaced(base, others, { what: 'a later full', replace, stop: 'sidecar' }, async () => {
      expect((await refusal()).reason).to.match(/another backup/);
    });
  });

  it('a base that retention removed is not looked for', async () => {
    const baseDisposedAt = new Date('2024-02-01T05:00:00Z');
    const { verdict, reason } = await refusal({ ...tip.stored, baseDisposedAt });
    expect(verdict).to.equal('base');
    expect(reason).to.equal(
      `its base ${base.sidecar.fileName} was removed by retention at 2024-02-01T05:00:00.000Z`,
    );
  });

  it('faults of the incremental’s own files are told as its own, and without its key nothing is known', async () => {
    const whole = readFileSync(tip.file);
    writeFileSync(tip.file, whole.subarray(1));
    expect((await refusal().finally(() => writeFileSync(tip.file, whole))).verdict).to.equal('size');
    const encryptionKey = new Secret(randomBytes(48).toString('base64'));
    const error = await openCheckedChain({ ...tip.stored, encryptionKey }, { signal: NEVER }).catch((e) => e);
    expect(error).to.include({ code: 'KEY_UNKNOWN' });
  });
});
