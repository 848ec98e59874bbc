import { createHash, randomBytes, randomUUID } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { keyId } from '@safekeep/archive/key';
import { parseSidecar, type SidecarBody, serializeSidecar } from '@safekeep/archive/sidecar';
import { Secret } from '@safekeep/shared/config/secret';
import type { CleanupDecision } from '@safekeep/shared/contracts/cleanup';
import { findBackup } from '@safekeep/shared/history/backups';
import { findCleanupRun } from '@safekeep/shared/history/cleanup-runs';
import { readStorageState } from '@safekeep/shared/history/storage-findings';
import { createLogger } from '@safekeep/shared/logger';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import { LocalStorage } from '@safekeep/shared/storage/local';
import { expect } from 'chai';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { addCheck, addStored, type StoredRow, startCleanup } from '../../../shared/test/history/retained.js';
import { openHistory, type TestHistory } from '../../../shared/test/servers.js';
import { type CleanupDeps, cleanUp } from '../../src/jobs/cleanup.js';
import { inventory } from '../../src/jobs/inventory.js';
import { inventoryRound } from '../../src/reconcile/inventory-round.js';
import { captureLog } from '../reconcile/capture-log.js';

const KEY = randomBytes(48).toString('base64');
const logger = createLogger({ service: 'worker', level: 'error' });
logger.silent = true;

describe('a cleanup', () => {
  let history: TestHistory;
  let root: string;
  before(async () => {
    history = await openHistory();
  });
  after(() => history?.close());
  beforeEach(async () => {
    root = await scratchFolder('safekeep-cleanup');
    await history.pool.query(
      'TRUNCATE backups, disposals, cleanup_runs, runs, storage_findings, storage_samples CASCADE',
    );
  });

  const files = () => readdirSync(root);
  const namesOf = ({ fileName }: StoredRow) => [
    fileName.replace('.pgdump.enc.gz', '.globals.sql.enc'),
    fileName,
    `${fileName}.meta`,
  ];

  /** A finished backup: its row, its file, companion and authentic sidecar. */
  async function store(daysOld: number, more: { type?: 'incremental'; baseId?: string; key?: string } = {}) {
    const { type = 'full', baseId = null, key = KEY } = more;
    const id = randomUUID();
    const at = new Date(Date.now() - daysOld * 86_400_000).toISOString();
    const digits = at.replace(/\D/g, '').slice(0, 14);
    const fileName = `${type}_backup_${digits.slice(0, 8)}_${digits.slice(8)}.pgdump.enc.gz`;
    const content = randomBytes(100);
    const base = { fileName: 'full_backup_20240101_020000.pgdump.enc.gz', hmac: 'b'.repeat(64) };
    const globals = fileName.replace('.pgdump.enc.gz', '.globals.sql.enc');
    const body: SidecarBody = {
      formatVersion: 1,
      id,
      source: 'main',
      type,
      baseId,
      sequence: 1,
      previousHmac: null,
      fileName,
      startedAt: at,
      endedAt: at,
      size: content.length,
      checksum: createHash('sha256').update(content).digest('hex'),
      archiveSize: 90,
      postgresVersion: '15.18',
      pgDumpVersion: '15.18',
      database: 'clinic',
      compression: 'gzip:9',
      cipher: 'aes-256-cbc-pbkdf2',
      keyId: keyId(key),
      snapshot: {
        xmin: '1',
        systemIdentifier: null,
        timeline: null,
        databaseOid: 1,
        postmasterStartTime: 'now',
        inRecovery: false,
      },
      tables: [],
      largeObjects: 0,
      companions: [{ kind: 'globals', fileName: globals, size: 7, sha256: 'a'.repeat(64) }],
      ...(baseId !== null && { delta: { version: 1, base, staged: [], changed: [], keyHashCanary: '1' } }),
    };
    const text = serializeSidecar(body, key);
    writeFileSync(join(root, fileName), content);
    writeFileSync(join(root, globals), 'globals');
    writeFileSync(join(root, `${fileName}.meta`), text);
    const { hmac } = parseSidecar(text, key);
    return addStored(history.pool, daysOld, { id, fileName, hmac, type, ...(baseId !== null && { baseId }) });
  }

  function deps(more: Partial<CleanupDeps> = {}): CleanupDeps {
    return {
      pool: history.pool,
      logger,
      encryptionKey: new Secret(KEY),
      storageOf: (source) => new LocalStorage(root, source),
      policy: { fullDays: 90, incrementalDays: 30, keepMinimum: 1, sources: ['main'] },
      ...more,
    };
  }

  async function clean(
    options: {
      dryRun?: boolean;
      deps?: Partial<CleanupDeps>;
      cleanup?: Awaited<ReturnType<typeof startCleanup>>;
    } = {},
  ): Promise<Map<string, CleanupDecision>> {
    const { id, run } =
      options.cleanup ?? (await startCleanup(history.pool, { dryRun: options.dryRun ?? false }));
    const row = await findCleanupRun(history.pool, id);
    if (row === null) throw new Error('no cleanup');
    const place = { run, signal: new AbortController().signal, progress: () => {} };
    const decisions = await cleanUp(deps(options.deps), row, place);
    return new Map(decisions.map((decision) => [decision.backupId, decision]));
  }

  const status = async ({ id }: StoredRow) => (await findBackup(history.pool, id))?.status;

  it('removes all files of what has expired, keeps the rest, and leaves strangers alone', async () => {
    const [old, recent] = [await store(100), await store(0)];
    const strangers = [
      'notes.txt',
      old.fileName.replace('.pgdump.enc.gz', '.notes'),
      'full_backup_x.pgdump.enc.gz',
    ];
    for (const name of strangers) writeFileSync(join(root, name), 'x');
    const decisions = await clean();
    expect(decisions.get(old.id)).to.include({ action: 'remove', outcome: 'removed', sizeBytes: 1000 });
    expect(decisions.get(recent.id)).to.include({ action: 'keep' });
    expect(files()).to.have.members([...namesOf(recent), ...strangers]);
    expect([await status(old), await status(recent)]).to.deep.equal(['missing', 'completed']);
    const found = (await readStorageState(history.pool)).findings.map(({ name }) => name);
    expect(found).to.have.members(strangers);
  });

  it('as a dry run decides the same and removes nothing', async () => {
    const [old, recent] = [await store(100), await store(0)];
    const decisions = await clean({ dryRun: true });
    expect(decisions.get(old.id)).to.include({ action: 'remove' }).and.not.to.have.property('outcome');
    expect(files()).to.have.members([...namesOf(old), ...namesOf(recent)]);
    expect(await status(old)).to.equal('completed');
    expect((await history.pool.query('SELECT FROM disposals')).rowCount).to.equal(0);
  });

  it('removes an incremental before its base, and both in one go', async () => {
    const base = await store(200);
    const incremental = await store(199, { type: 'incremental', baseId: base.id });
    await store(0);
    const decisions = await clean();
    for (const row of [base, incremental]) expect(decisions.get(row.id)?.outcome).to.equal('removed');
    const { rows } = await history.pool.query('SELECT backup_id FROM disposals ORDER BY disposed_at');
    expect(rows.map((row) => row.backup_id)).to.deep.equal([incremental.id, base.id]);
  });

  it('leaves a chain to the verification that begins while the cleanup is at it', async () => {
    const base = await store(200);
    const incremental = await store(199, { type: 'incremental', baseId: base.id });
    await store(0);
    // The verification is asked for after the decisions were made, when the files are looked at.
    const storageOf = (source: string): BackupStorage => {
      const storage = new LocalStorage(root, source);
      const open = storage.open.bind(storage);
      storage.open = async (name) => {
        if (name === incremental.fileName)
          await addCheck(history.pool, 'verifications', incremental.id, 'queued');
        return open(name);
      };
      return storage;
    };
    const decisions = await clean({ deps: { storageOf } });
    expect(decisions.get(incremental.id)).to.include({
      outcome: 'kept',
      reason: 'a verification needs it now',
    });
    expect(decisions.get(base.id)?.outcome).to.equal('kept');
    expect(decisions.get(base.id)?.reason).to.equal(`base of ${incremental.fileName}, which is kept`);
    for (const name of [...namesOf(base), ...namesOf(incremental)]) expect(files()).to.include(name);
  });

  const replaced: readonly [string, (row: StoredRow) => void, RegExp][] = [
    [
      'a link stands for its file',
      ({ fileName }) => {
        rmSync(join(root, fileName));
        symlinkSync('/etc/hostname', join(root, fileName));
      },
      /a symbolic link/,
    ],
    [
      'a directory stands for its file',
      ({ fileName }) => {
        rmSync(join(root, fileName));
        mkdirSync(join(root, fileName));
      },
      /a directory/,
    ],
    [
      'a link to another file stands for its sidecar',
      ({ fileName }) => {
        renameSync(join(root, `${fileName}.meta`), join(root, 'elsewhere'));
        symlinkSync(join(root, 'elsewhere'), join(root, `${fileName}.meta`));
      },
      /a symbolic link/,
    ],
    [
      'a directory stands for its companion',
      (row) => {
        const [globals = ''] = namesOf(row);
        rmSync(join(root, globals));
        mkdirSync(join(root, globals));
      },
      /a directory/,
    ],
    [
      'its sidecar is gone',
      ({ fileName }) => rmSync(join(root, `${fileName}.meta`)),
      /the sidecar is missing/,
    ],
    [
      'its sidecar was edited',
      ({ fileName }) => {
        const path = join(root, `${fileName}.meta`);
        writeFileSync(path, readFileSync(path, 'utf8').replace('"size":100', '"size":101'));
      },
      /HMAC does not fit/,
    ],
    ['its sidecar is empty', ({ fileName }) => truncateSync(join(root, `${fileName}.meta`), 0), /malformed/],
  ];
  for (const [what, replace, why] of replaced) {
    it(`leaves everything alone where ${what}, and says so`, async () => {
      const [old] = [await store(100), await store(0)];
      replace(old);
      const before = files();
      const decision = (await clean()).get(old.id);
      expect(decision).to.include({ action: 'remove', outcome: 'kept' });
      expect(decision?.reason).to.match(why);
      expect(files()).to.have.members(before);
      expect((await findBackup(history.pool, old.id))?.disposedAt).to.equal(null);
    });
  }

  it('leaves a sidecar of another backup, put in its place, alone', async () => {
    const [old, recent] = [await store(100), await store(0)];
    writeFileSync(join(root, `${old.fileName}.meta`), readFileSync(join(root, `${recent.fileName}.meta`)));
    expect((await clean()).get(old.id)?.reason).to.match(/belongs to another backup/);
    expect(existsSync(join(root, old.fileName))).to.equal(true);
  });

  it('leaves files of another key, put in their place, alone', async () => {
    const old = await store(100);
    const stranger = await store(101, { key: randomBytes(48).toString('base64') });
    await store(0);
    for (const suffix of ['', '.meta']) {
      copyFileSync(join(root, stranger.fileName + suffix), join(root, old.fileName + suffix));
    }
    const decision = (await clean()).get(old.id);
    expect(decision).to.include({ outcome: 'kept' });
    expect(decision?.reason).to.match(/another encryption key/);
    for (const name of namesOf(old)) expect(files()).to.include(name);
  });

  it('removes a backup whose file was emptied: its sidecar still proves whose it is', async () => {
    const [old] = [await store(100), await store(0)];
    truncateSync(join(root, old.fileName));
    expect((await clean()).get(old.id)?.outcome).to.equal('removed');
  });

  it('removes a backup of an older key by what history recorded of its sidecar', async () => {
    const old = await store(100, { key: randomBytes(48).toString('base64') });
    await store(0);
    expect((await clean()).get(old.id)?.outcome).to.equal('removed');
    expect(files().length).to.equal(3);
  });

  it('takes sidecar and companions of a missing file when its time has come, and keeps them until then', async () => {
    const [old, young, recent] = [await store(100), await store(50), await store(0)];
    for (const row of [old, young]) rmSync(join(root, row.fileName));
    const decisions = await clean();
    expect(decisions.get(young.id)?.action).to.equal('keep');
    expect(decisions.get(old.id)?.reason).to.match(/its file is missing, what is left of it goes$/);
    const left = [...namesOf(young), ...namesOf(recent)].filter((name) => name !== young.fileName);
    expect(files()).to.have.members(left);
    expect(await status(young)).to.equal('missing');
  });

  it('of a chain whose base is missing tells that it restores nothing, and removes the rest of both in its time', async () => {
    const [base, lost] = [await store(60), await store(200)];
    const young = await store(20, { type: 'incremental', baseId: base.id });
    const old = await store(199, { type: 'incremental', baseId: lost.id });
    const recent = await store(0);
    for (const row of [base, lost]) rmSync(join(root, row.fileName));
    const decisions = await clean();
    expect(decisions.get(young.id)?.action).to.equal('keep');
    expect(decisions.get(young.id)?.reason).to.match(/it restores nothing while its base .* is missing$/);
    for (const row of [old, lost]) expect(decisions.get(row.id)?.outcome).to.equal('removed');
    const left = [...namesOf(base), ...namesOf(young), ...namesOf(recent)];
    expect(files()).to.have.members(left.filter((name) => name !== base.fileName));
  });

  it('removes nothing and fails where the volume seems not to be mounted', async () => {
    const [old, recent] = [await store(100), await store(0)];
    const mounted = root;
    root = await scratchFolder('safekeep-unmounted');
    const decision = (await clean()).get(old.id);
    expect(decision).to.include({ outcome: 'failed' });
    expect(decision?.reason).to.match(/is its volume mounted/);
    expect(await status(old)).to.equal('completed');
    expect(await status(recent), 'an absent volume makes nothing missing').to.equal('completed');
    root = mounted;
    expect((await clean()).get(old.id)?.outcome).to.equal('removed');
  });

  it('keeps the backups of a source that is not configured any more, without looking at its directory', async () => {
    const old = await store(100);
    await history.pool.query(`UPDATE backups SET source = 'gone' WHERE id = $1`, [old.id]);
    const decision = (await clean()).get(old.id);
    expect(decision?.reason).to.equal('the source gone is not configured any more');
    expect(files()).to.have.members(namesOf(old));
  });

  it('beside another cleanup at the same time removes everything once, and keeps what both keep', async () => {
    const base = await store(200);
    const old = [
      base,
      await store(199, { type: 'incremental', baseId: base.id }),
      await store(150),
      await store(120),
    ];
    const recent = await store(0);
    const results = await Promise.all([clean(), clean(), clean()]);
    for (const row of old) {
      const outcomes = results.flatMap((decisions) => decisions.get(row.id)?.outcome ?? []);
      expect(outcomes).to.include('removed').and.not.to.include('failed');
    }
    expect(files()).to.have.members(namesOf(recent));
    expect((await history.pool.query('SELECT FROM disposals')).rowCount).to.equal(old.length);
  });

  describe('killed at any step, is finished by the next one', () => {
    class Killed extends Error {}
    /** A worker that dies when it has removed so many of a backup's names. */
    function dyingAfter(removals: number): Partial<CleanupDeps> {
      return {
        storageOf: (source) => {
          const storage = new LocalStorage(root, source);
          const removeInOrder = storage.removeInOrder.bind(storage);
          storage.removeInOrder = async (names) => {
            await removeInOrder(names.slice(0, removals));
            throw new Killed();
          };
          return storage;
        },
      };
    }
    for (const removals of [0, 1, 2, 3, 4]) {
      it(`after ${removals} names: no completed row without its files, and nothing left for ever`, async () => {
        const [old, recent] = [await store(100), await store(0)];
        const cleanup = await startCleanup(history.pool);
        await clean({ cleanup, deps: dyingAfter(removals) });
        expect(await status(old), 'history comes first').to.equal('missing');
        expect(files().includes(`${old.fileName}.meta`), 'the sidecar goes first').to.equal(removals === 0);
        const again = await clean({ cleanup });
        expect(again.get(old.id)).to.include({ action: 'remove', outcome: 'removed' });
        expect(files()).to.have.members(namesOf(recent));
        const { rows } = await history.pool.query('SELECT files_removed_at FROM disposals');
        expect(rows.length).to.equal(1);
        expect(rows[0].files_removed_at).to.be.instanceOf(Date);
      });
    }

    it('by another cleanup too; a dry run in between touches nothing', async () => {
      const [, recent] = [await store(100), await store(0)];
      await clean({ deps: dyingAfter(1) });
      const before = files();
      await clean({ dryRun: true });
      expect(files()).to.have.members(before);
      expect((await readStorageState(history.pool)).findings, 'they are known files').to.deep.equal([]);
      await clean();
      expect(files()).to.have.members(namesOf(recent));
    });
  });

  it('tells of a removal that failed', async () => {
    const old = await store(100);
    await store(0);
    const storageOf = (source: string) => {
      const storage = new LocalStorage(root, source);
      storage.removeInOrder = () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }));
      return storage;
    };
    const decision = (await clean({ deps: { storageOf } })).get(old.id);
    expect(decision).to.include({ outcome: 'failed' });
    expect(decision?.reason).to.match(/could not be removed: EIO$/);
  });

  describe('and the inventory', () => {
    const look = () => inventory(deps(), 'main');
    const found = async () =>
      (await readStorageState(history.pool)).findings.map(({ kind, name }) => `${kind} ${name}`);

    it('makes a backup missing whose file is gone; its finding resolves when the file is there again', async () => {
      const [row] = [await store(5), await store(0)];
      await look();
      expect(await found()).to.deep.equal([]);
      const content = readFileSync(join(root, row.fileName));
      rmSync(join(root, row.fileName));
      await look();
      expect(await status(row)).to.equal('missing');
      expect(await found()).to.deep.equal([`missing-file ${row.fileName}`]);
      writeFileSync(join(root, row.fileName), content);
      await look();
      expect(await found()).to.deep.equal([]);
      expect(await status(row), 'only a verification trusts it again').to.equal('missing');
    });

    it('is not misled by a backup that is disposed of while it looks', async () => {
      const [old] = [await store(100), await store(0)];
      const storageOf = (source: string) => {
        const storage = new LocalStorage(root, source);
        const list = storage.list.bind(storage);
        let looks = 0;
        storage.list = async () => {
          looks += 1;
          // Files that went between the directory's reading and history's.
          const entries = await list();
          return looks === 1 ? entries.filter(({ name }) => !name.startsWith(old.fileName)) : entries;
        };
        return storage;
      };
      await inventory({ ...deps(), storageOf }, 'main');
      expect(await found()).to.deep.equal([]);
      expect(await status(old)).to.equal('completed');
    });

    it('samples how full the volume is', async () => {
      await store(0);
      await look();
      const { rows } = await history.pool.query('SELECT * FROM storage_samples');
      const [meta] = files().filter((name) => name.endsWith('.meta'));
      expect(rows[0].backup_bytes).to.equal(107 + readFileSync(join(root, meta ?? '')).length);
      expect(rows[0].total_bytes).to.be.at.least(rows[0].free_bytes);
    });

    it('runs in a round, for each source that was not looked at lately, and goes on after one that fails', async () => {
      mkdirSync(join(root, 'lab'));
      const absent = await addStored(history.pool, 1, { source: 'absent' });
      const { logger, told } = captureLog();
      const round = inventoryRound(
        { ...deps(), logger, sourceNames: ['new', 'absent', 'lab', 'main'] },
        { every: 600 },
      );
      await round.run();
      const failures = told('warn').filter(({ round }) => round === 'inventory');
      expect(failures).to.have.length(1);
      expect(failures[0]).to.include({ source: 'absent' });
      expect(failures[0]?.error).to.include({ code: 'BACKUP_DIR_UNUSABLE' });
      expect(await status(absent), 'nothing is known of a directory that is not there').to.equal('completed');
      await history.pool.query(`DELETE FROM backups WHERE source = 'absent'`);
      await round.run();
      const { rows } = await history.pool.query('SELECT source FROM storage_samples ORDER BY source');
      expect(rows.map(({ source }) => source)).to.deep.equal(['lab', 'main']);
    });
  });
});
