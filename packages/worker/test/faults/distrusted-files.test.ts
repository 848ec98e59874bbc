import { readFileSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { ArchiveError } from '@safekeep/archive/archive-error';
import { parseSidecar } from '@safekeep/archive/sidecar';
import { verifyBackup } from '@safekeep/archive/verify-backup';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { type BackupFiles, filesOf } from '@safekeep/shared/storage/backup-names';
import { expect } from 'chai';
import { type Asker, alertOf, asker, type Ended } from './harness/asker.js';
import { DAMAGES, DATA_DAMAGES } from './harness/damages.js';
import { type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { FORGERIES } from './harness/forgeries.js';
import { checkInvariants } from './harness/invariants.js';
import { Pristine } from './harness/pristine.js';
import { SEEDS, Tally } from './harness/seeds.js';
import { wrongKey } from './harness/wrong-keys.js';

const ROW_VALUE = 'Mrs-Nobody-has-a-secret-diagnosis';
const KINDS = ['full', 'incremental'] as const;
/** Keys that are tried in all; each seed takes its share. */
const WRONG_KEYS = 1_000;

type Pair = Readonly<Record<(typeof KINDS)[number], Backup>>;

/** Faults 11, 12 and 13 of docs/TESTING.md. */
describe('a backup whose files are not what they were', function () {
  this.timeout(120_000);
  let world: FaultWorld;
  let ask: Asker;
  let older: Pair;
  let newest: Pair;
  let pristine: Pristine;
  const [damaged, forged, keys] = [new Tally(11), new Tally(12), new Tally(13)];

  before(async () => {
    world = await openFaultWorld('distrusted');
    await world.sql(
      'source',
      `CREATE TABLE patients AS SELECT g AS id, '${ROW_VALUE}-' || md5(g::text) AS name FROM generate_series(1, 300) g;
       ALTER TABLE patients ADD PRIMARY KEY (id);
       SELECT lo_from_bytea(0, decode(repeat('00ff', 5000), 'hex'))`,
    );
    await world.startWorker();
    ask = asker(world, await world.startApi());
    older = await takePair();
    newest = await takePair();
    pristine = new Pristine(world.backupDirectory);
  });
  after(async () => {
    for (const tally of [damaged, forged, keys]) tally.print();
    await world?.close();
  });

  async function takePair(): Promise<Pair> {
    const full = await ask.backup('full');
    await world.sql('source', `UPDATE patients SET name = name || '!' WHERE id % 7 = 0`);
    const incremental = await ask.backup('incremental');
    expect(incremental.baseId).to.equal(full.id);
    return { full, incremental };
  }

  const pathsOf = ({ fileName }: Backup): BackupFiles => filesOf(`${world.backupDirectory}/${fileName}`);

  /** Neither a restore nor a recovery test lets a byte of it into a database. */
  async function expectRefused({ id }: Backup, verdict: string): Promise<void> {
    const restored = await ask.restore(id, 'never');
    expect(restored).to.include({ status: 'failed', errorCode: 'BACKUP_DISTRUSTED' });
    expect(restored.reason).to.contain(`(${verdict}:`);
    const proven = await ask.prove(id);
    expect(proven).to.include({ status: 'failed', errorCode: null });
    expect(proven.findings?.[0]).to.include({ kind: 'backup', actual: verdict });
    expect(await world.sql('postgres', `SELECT FROM pg_database WHERE datname = 'never'`)).to.deep.equal([]);
  }

  /** What stands in its place now is found before anything is decrypted. */
  function expectFound(found: Ended, verdict: string): void {
    expect(found).to.include({ status: 'failed', verdict, errorCode: null });
    if (verdict === 'companion') expect(found.reason).to.match(/\((size|checksum)\)/);
  }

  async function expectAllSound(): Promise<void> {
    for (const { id } of [...Object.values(older), ...Object.values(newest)])
      expect(await ask.verify(id)).to.include({ status: 'passed', verdict: 'sound' });
    await world.settled();
    await checkInvariants(world, { rowValues: [ROW_VALUE] });
  }

  for (const { number, random } of SEEDS) {
    describe(`damaged (seed ${number})`, () => {
      afterEach(() => pristine.putBack());

      for (const damage of DATA_DAMAGES) {
        const kind = random.pick(KINDS);
        it(`is never verified nor restored when its file ${damage.what}, of the kind ${kind}`, async () => {
          damage.does(pathsOf(newest[kind]).data, random);
          expectFound(await ask.verify(newest[kind].id), damage.verdict);
          await expectRefused(newest[kind], damage.verdict);
          damaged.count(damage.what);
        });
      }

      for (const damage of DAMAGES) {
        const kind = random.pick(KINDS);
        it(`is never verified nor restored when its sidecar ${damage.what}, of the kind ${kind}`, async () => {
          damage.does(pathsOf(newest[kind]).sidecar, random);
          expectFound(await ask.verify(newest[kind].id), 'sidecar');
          await expectRefused(newest[kind], 'sidecar');
          damaged.count(`sidecar ${damage.what}`);
        });
      }

      const [inRoles, inManifest, inBase] = [
        random.pick(DAMAGES),
        random.pick(DAMAGES),
        random.pick(DATA_DAMAGES),
      ];
      it(`is never verified when the file of its roles ${inRoles.what}, and no role comes of them`, async () => {
        const kind = random.pick(KINDS);
        inRoles.does(pathsOf(newest[kind]).globals, random);
        expectFound(await ask.verify(newest[kind].id), 'companion');
        const restored = await ask.restore(newest[kind].id, 'never', { withRoles: true });
        expect(restored).to.include({ status: 'failed', errorCode: 'BACKUP_DISTRUSTED' });
        damaged.count(`roles ${inRoles.what}`);
      });

      it(`is never verified when its manifest ${inManifest.what}`, async () => {
        inManifest.does(pathsOf(newest.full).manifest, random);
        expectFound(await ask.verify(newest.full.id), 'companion');
        damaged.count(`manifest ${inManifest.what}`);
      });

      it(`restores nothing when the file of its base ${inBase.what}`, async () => {
        inBase.does(pathsOf(newest.full).data, random);
        expect(await ask.verify(newest.full.id)).to.include({ status: 'failed' });
        await expectRefused(newest.incremental, 'base');
        damaged.count(`base ${inBase.what}`);
      });

      it('has an alert of its own, exit code 5 on the command line, and is sound when its file is put back', async () => {
        const [kind, damage] = [random.pick(KINDS), random.pick(DATA_DAMAGES)];
        const { id } = newest[kind];
        damage.does(pathsOf(newest[kind]).data, random);
        expect((await world.cli(['test', id])).code).to.equal(5);
        expect((await world.cli(['verify', id])).code).to.equal(5);
        expect((await world.cli(['restore', '--backup', id, '--into', 'never'])).code).to.equal(5);
        const { severity } = await alertOf(world, 'verification-failed', { source: 'main', subject: id });
        expect(severity).to.equal('critical');
        pristine.putBack();
        expect(await ask.verify(id)).to.include({ status: 'passed', verdict: 'sound' });
      });
    });

    describe(`forged by somebody without the key (seed ${number})`, () => {
      afterEach(() => pristine.putBack());

      for (const { what, does, verdict } of FORGERIES) {
        const kind = random.pick(KINDS);
        it(`is found when it has ${what}, of the kind ${kind}`, async () => {
          does({ target: pathsOf(newest[kind]), other: pathsOf(older[kind]) }, random);
          expectFound(await ask.verify(newest[kind].id), verdict);
          if (verdict !== 'companion') await expectRefused(newest[kind], verdict);
          forged.count(what);
        });
      }

      it('is not believed by a rebuild of the catalogue', async () => {
        const forgeries = random.shuffled(FORGERIES.filter(({ rebuild }) => rebuild !== null));
        const reasons = new Map<string, RegExp | null>();
        for (const [target, other] of [newest, older].flatMap((pair) =>
          KINDS.map((kind) => [pair[kind], (pair === newest ? older : newest)[kind]] as const),
        )) {
          const { does, rebuild = null, what } = forgeries[reasons.size] ?? {};
          does?.({ target: pathsOf(target), other: filesOf(pristine.path(other.fileName ?? '')) }, random);
          reasons.set(`${target.fileName}.meta`, rebuild);
          forged.count(`rebuild: ${what}`);
        }
        const { code, stdout } = await world.cli(['catalog', 'rebuild', '--json']);
        expect(code).to.equal(1);
        const [{ rejected }] = JSON.parse(stdout) as [{ rejected: { name: string; reason: string }[] }];
        expect(rejected.map(({ name }) => name)).to.have.members([...reasons.keys()]);
        for (const { name, reason } of rejected) expect(reason).to.match(reasons.get(name) ?? /^$/);
      });

      it('is told by the inventory when its sidecar is gone', async () => {
        const { sidecar } = pathsOf(newest[random.pick(KINDS)]);
        rmSync(sidecar);
        await ask.inventory();
        const open = await world.sql<{ kind: string; name: string }>(
          'history',
          'SELECT kind, name FROM storage_findings WHERE resolved_at IS NULL',
        );
        expect(open).to.deep.equal([{ kind: 'missing-file', name: basename(sidecar) }]);
        pristine.putBack();
        await ask.inventory();
      });
    });

    describe(`read with another key (seed ${number})`, () => {
      const share = Math.ceil(WRONG_KEYS / SEEDS.length);

      it(`is verified with none of ${share} wrong keys`, async () => {
        const { data, sidecar: text } = pathsOf(newest[random.pick(KINDS)]);
        const [bytes, written] = [readFileSync(data), readFileSync(text, 'utf8')];
        const sidecar = parseSidecar(written, world.key);
        for (let tries = 0; tries < share; tries += 1) {
          const passphrase = wrongKey(world.key, random);
          expect(codeOf(() => parseSidecar(written, passphrase))).to.equal('SIDECAR_OTHER_KEY');
          const read = () => Readable.from([bytes]);
          const backup = { size: bytes.length, read, sidecar, passphrase };
          const verdict = await verifyBackup(backup, { signal: new AbortController().signal });
          expect(verdict).to.include({ ok: false });
          expect(verdict.ok || verdict.step).to.be.oneOf(['decryption', 'archive']);
          keys.count('key in this process');
        }
      });

      it('is neither verified nor called broken by workers with wrong keys', async () => {
        await world.killWorkers();
        for (const kind of KINDS) {
          const key = { BACKUP_ENCRYPTION_KEY: wrongKey(world.key, random), BACKUP_ENCRYPTION_KEY_FILE: '' };
          await world.startWorker(key);
          const { id } = newest[kind];
          expect(await ask.verify(id)).to.include({
            status: 'error',
            errorCode: 'KEY_UNKNOWN',
            verdict: null,
          });
          expect(await ask.prove(id)).to.include({ status: 'error', errorCode: 'KEY_UNKNOWN' });
          expect(await ask.restore(id, 'never')).to.include({ status: 'failed', errorCode: 'KEY_UNKNOWN' });
          if (kind === 'full') expect((await world.cli(['test', id])).code).to.equal(3);
          await world.killWorkers();
          keys.count('worker');
        }
        await world.startWorker();
        await expectAllSound();
      });
    });
  }
});

function codeOf(attempt: () => unknown): string {
  try {
    attempt();
    return 'none';
  } catch (error) {
    if (error instanceof ArchiveError) return error.code;
    throw error;
  }
}
