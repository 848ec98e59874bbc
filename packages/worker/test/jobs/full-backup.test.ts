import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { createDeflatePool, type DeflatePool } from '@safekeep/archive/parallel-gzip/deflate-pool';
import type { Sidecar } from '@safekeep/archive/sidecar';
import { Secret } from '@safekeep/shared/config/secret';
import { SafekeepError } from '@safekeep/shared/errors';
import { claimBackup } from '@safekeep/shared/history/backup-claims';
import { insertBackup } from '@safekeep/shared/history/backups';
import { clientOptions, createHistoryPool } from '@safekeep/shared/history/database';
import { migrateHistory } from '@safekeep/shared/history/migrate';
import { createLogger } from '@safekeep/shared/logger';
import { LocalStorage } from '@safekeep/shared/storage/local';
import { expect } from 'chai';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../../../scripts/services/postgres.js';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { historyJournal } from '../../src/jobs/backup-journal.js';
import { fullBackup } from '../../src/jobs/full-backup.js';
import type { BackupMeter } from '../../src/jobs/open-backup.js';
import { chooseProgram, findPrograms, programDirectories } from '../../src/postgres/program.js';
import { deflatePool } from '../deflate-pool.js';
import { slowTable } from '../process/world.js';

describe('a full backup that cannot succeed', function () {
  this.timeout(60_000);
  let folder: string;
  let directory: string;
  let postgres: PostgresServer;
  let pool: pg.Pool;
  let source: Secret;
  let serial = 0;
  let real: string;

  before(async () => {
    folder = await scratchFolder('safekeep-jobs');
    postgres = await startPostgres({ directory: join(folder, 'postgres') });
    await sql('postgres', 'CREATE DATABASE history');
    await sql('postgres', 'CREATE DATABASE source');
    await sql('source', slowTable(50_000));
    await sql('source', 'CREATE TABLE patients AS SELECT g AS id FROM generate_series(1, 100) g');
    const url = new Secret(postgres.url('history'));
    await migrateHistory({ HISTORY_DATABASE_URL: url });
    pool = createHistoryPool(url, 4, () => {});
    const found = await findPrograms(await programDirectories(process.env.PATH ?? ''));
    real = chooseProgram(found, { source: 'source', version: '12' }).directory;
  });
  beforeEach(() => {
    serial += 1;
    directory = join(folder, `backups-${serial}`);
    mkdirSync(directory);
    source = new Secret(postgres.url('source'));
  });
  after(async () => {
    await pool?.end();
    await postgres?.stop('immediate');
  });

  async function sql(database: string, text: string): Promise<void> {
    const client = new pg.Client(clientOptions(new Secret(postgres.url(database))));
    await client.connect();
    await client.query(text).finally(() => client.end());
  }

  interface Settings {
    compression?: string;
    deflatePool?: DeflatePool;
    programs?: string;
    lockTimeout?: number;
    fingerprint?: boolean;
    onMeter?: (meter: BackupMeter) => void;
    signal?: AbortSignal;
  }

  /** One claimed attempt; the source's name is new each time, so that attempts do not wait for each other. */
  async function attempt(settings: Settings = {}): Promise<Sidecar> {
    const id = randomUUID();
    const name = `source-${id.slice(0, 8)}`;
    const asked = { requestedVia: 'cli', requestedBy: null, idempotencyKey: null } as const;
    await insertBackup(pool, { id, source: name, type: 'full', ...asked });
    const claim = await claimBackup(pool, { backupId: id, source: name, worker: 'test' });
    if (claim.kind !== 'started') throw new Error('the claim failed');
    const logger = createLogger({ service: 'worker', level: 'error' });
    const signal = settings.signal ?? new AbortController().signal;
    return fullBackup(
      {
        id,
        type: 'full',
        source: { name, url: source },
        journal: historyJournal(pool, claim.run, { id, source: name }, logger, signal),
        storage: new LocalStorage(directory, 'main'),
        onMeter: settings.onMeter ?? (() => {}),
      },
      {
        logger,
        encryptionKey: new Secret(randomBytes(48).toString('base64')),
        compression: settings.compression ?? 'gzip:6',
        deflatePool: settings.deflatePool ?? deflatePool,
        lockTimeout: settings.lockTimeout ?? 5_000,
        fingerprint: settings.fingerprint ?? true,
        programDirectories: [settings.programs ?? real],
        environment: { PATH: process.env.PATH },
      },
      signal,
    );
  }

  async function refusal(work: Promise<unknown>): Promise<SafekeepError> {
    const error = await work.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!(error instanceof SafekeepError)) throw error ?? new Error('it succeeded');
    return error;
  }

  /** A pg_dump that runs the real one through `script`, and a pg_dumpall that is piped through `roles`. */
  function wrappedDump(script: string, roles = 'cat'): string {
    const programs = join(folder, `programs-${serial}`);
    mkdirSync(programs);
    const head = `#!/bin/bash\nreal=${real}/pg_dump\n[ "$1" = --version ] && exec $real --version\n`;
    writeFileSync(join(programs, 'pg_dump'), `${head}${script}\n`, { mode: 0o755 });
    writeFileSync(
      join(programs, 'pg_dumpall'),
      `#!/bin/bash\nset -o pipefail\n${real}/pg_dumpall "$@" | ${roles}\n`,
      {
        mode: 0o755,
      },
    );
    return programs;
  }

  const left = () => readdirSync(directory);

  it('reports a table that stays locked, and leaves nothing', async () => {
    const holder = new pg.Client(clientOptions(source));
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE patients IN ACCESS EXCLUSIVE MODE');
    const error = await refusal(attempt({ lockTimeout: 300 })).finally(() => holder.end());
    expect(error.code).to.equal('DUMP_FAILED');
    expect(error.message).to.contain('55P03');
    expect(error.hint).to.contain('pg_locks');
    expect(error.retryable).to.equal(true);
    expect(left()).to.deep.equal([]);
  });

  it('reports a server that ends the dump in the middle, with phase and table, and leaves nothing', async () => {
    const meters: BackupMeter[] = [];
    const work = refusal(attempt({ onMeter: (meter) => meters.push(meter) }));
    while ((meters[0]?.read(Date.now()).writtenBytes ?? 0) < 100_000) await delay(5);
    await sql('postgres', `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY %'`);
    const error = await work;
    expect(error.code).to.equal('DUMP_FAILED');
    expect(error.message).to.match(
      /phase "data", table public\.scans \(pg_dump exit 1, SQLSTATE (57P01|08006)\)/,
    );
    expect(left()).to.deep.equal([]);
  });

  it('ends the dump when it is told to stop, and leaves nothing', async () => {
    const stop = new AbortController();
    const reason = new Error('stop');
    const meters: BackupMeter[] = [];
    const work = attempt({ onMeter: (meter) => meters.push(meter), signal: stop.signal });
    work.catch(() => {});
    while ((meters[0]?.read(Date.now()).writtenBytes ?? 0) < 100_000) await delay(5);
    stop.abort(reason);
    expect(await work.then(null, (error: unknown) => error)).to.equal(reason);
    expect(left()).to.deep.equal([]);
    expect(
      execFileSync('bash', ['-c', `pgrep -f '[p]g_dump.*${directory}' || true`], { encoding: 'utf8' }),
    ).to.equal('');
  });

  it('refuses a role that may not read everything, says how to grant it, and does not try again', async () => {
    await sql(
      'source',
      `CREATE ROLE clerk LOGIN PASSWORD 'clerk-password'; GRANT SELECT ON patients TO clerk`,
    );
    source = new Secret(postgres.url('source').replace(/\/\/[^@]*@/, '//clerk:clerk-password@'));
    const error = await refusal(attempt());
    expect(error.code).to.equal('DUMP_REFUSED');
    expect(error.hint).to.contain('pg_read_all_data');
    expect(error.retryable).to.equal(false);
    expect(left()).to.deep.equal([]);
  });

  it('tells a wrong password, a missing database and a dead server apart', async () => {
    source = new Secret(postgres.url('source').replace(/:[^:@/]*@/, ':wrong@'));
    expect((await refusal(attempt())).message).to.contain('28P01');
    source = new Secret(postgres.url('nowhere'));
    expect((await refusal(attempt())).message).to.contain('3D000');
    source = new Secret('postgres://x:y@127.0.0.1:1/source');
    const error = await refusal(attempt());
    expect(error).to.include({ code: 'SOURCE_UNREACHABLE', exitCode: 4, retryable: true });
  });

  it('refuses a server that is newer than pg_dump', async () => {
    const programs = wrappedDump('');
    writeFileSync(join(programs, 'pg_dump'), '#!/bin/sh\necho "pg_dump (PostgreSQL) 12.22"\n', {
      mode: 0o755,
    });
    const error = await refusal(attempt({ programs }));
    expect(error.code).to.equal('PG_DUMP_TOO_OLD');
    expect(error.message).to.contain('12.22');
    expect(left()).to.deep.equal([]);
  });

  it('refuses where there is no pg_dump', async () => {
    expect((await refusal(attempt({ programs: folder }))).code).to.equal('PG_DUMP_MISSING');
  });

  it('does not believe a dump that ends well but is cut short', async () => {
    const programs = wrappedDump('$real "$@" | head -c 200000; exit 0');
    const error = await refusal(attempt({ programs }));
    expect(error.code).to.equal('DUMP_INCOMPLETE');
    expect(left()).to.deep.equal([]);
  });

  it('does not believe a dump without output', async () => {
    const error = await refusal(attempt({ programs: wrappedDump('exit 0') }));
    expect(error.code).to.equal('DUMP_INCOMPLETE');
    expect(left()).to.deep.equal([]);
  });

  it('does not believe a list of roles that ends well but is cut short, or empty', async () => {
    for (const roles of ['grep -v complete', 'sed d']) {
      const error = await refusal(attempt({ programs: wrappedDump('exec $real "$@"', roles) }));
      expect(error.code, `${error.message} ${roles}`).to.equal('DUMP_INCOMPLETE');
      expect(left()).to.deep.equal([]);
      serial += 1;
    }
  });

  it('does not believe a whole dump whose program failed', async () => {
    const error = await refusal(attempt({ programs: wrappedDump('$real "$@"; exit 3') }));
    expect(error.code).to.equal('DUMP_FAILED');
    expect(error.message).to.contain('exit 3');
    expect(left()).to.deep.equal([]);
  });

  it('does not believe a dump that lacks a table of the snapshot, and names it', async () => {
    const error = await refusal(
      attempt({ programs: wrappedDump('exec $real "$@" --exclude-table=patients') }),
    );
    expect(error.code).to.equal('DUMP_INCOMPLETE');
    expect(error.message).to.contain('public.patients');
    expect(left()).to.deep.equal([]);
  });

  it('refuses zstd and lz4 before it dumps where pg_dump is too old for them, and names what can be done', async () => {
    for (const compression of ['zstd:3', 'lz4:1']) {
      const programs = wrappedDump(`echo "pg_dump must not run" >&2; exit 1`);
      const error = await refusal(attempt({ programs, compression }));
      expect(error).to.include({ code: 'COMPRESSION_UNSUPPORTED', retryable: false });
      expect(error.message).to.contain(compression).and.contain('PostgreSQL client 1');
      expect(error.hint).to.contain('BACKUP_COMPRESSION=gzip:9');
      expect(left()).to.deep.equal([]);
      serial += 1;
    }
  });

  it('reports a thread that ended while it compressed, may be tried again, and leaves nothing', async () => {
    const pools = createDeflatePool(1);
    const kill = (thread: Worker) => void thread.terminate();
    process.on('worker', kill);
    const error = await refusal(attempt({ deflatePool: pools })).finally(() => process.off('worker', kill));
    expect(error).to.include({ code: 'COMPRESSION_FAILED', retryable: true });
    expect(left()).to.deep.equal([]);
    expect((await attempt({ deflatePool: pools })).compression).to.equal('gzip:6');
    await pools.close();
  });

  it('refuses a directory that is missing, and one that is a file', async () => {
    directory = join(folder, 'missing');
    expect((await refusal(attempt())).code).to.equal('BACKUP_DIR_UNUSABLE');
    directory = join(folder, 'file');
    writeFileSync(directory, '');
    expect((await refusal(attempt())).message).to.contain('not a directory');
  });

  describe('on a small volume', () => {
    let mounted = false;
    const mount = (size: string) => {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory], { stdio: 'ignore' });
      mounted = true;
    };
    before(function () {
      if (process.getuid?.() !== 0) {
        process.stderr.write('      SKIPPED: only root can mount a small volume\n');
        this.skip();
      }
    });
    afterEach(() => {
      if (mounted) execFileSync('umount', ['-l', directory]);
      mounted = false;
    });

    it('refuses before the dump starts when space is clearly too small', async () => {
      mount('2m');
      const error = await refusal(attempt());
      expect(error).to.include({ code: 'SPACE_TOO_SMALL', exitCode: 6, retryable: false });
      expect(error.message).to.match(/has \d+ MB free; this backup is expected to need \d+ MB/);
      expect(left()).to.deep.equal([]);
    });

    it('reports a disk that fills up while it writes, and leaves nothing', async () => {
      await sql('postgres', 'CREATE DATABASE large');
      await sql('large', slowTable(100_000));
      source = new Secret(postgres.url('large'));
      mount('22m');
      const error = await refusal(attempt());
      expect(error.code).to.equal('DISK_FULL');
      expect(left()).to.deep.equal([]);
    });
  });

  it('never takes a name that exists: the next free second is used', async () => {
    const first = await attempt();
    const stamps = Array.from({ length: 4 }, (_, second) => {
      const time = new Date(Date.now() + second * 1000).toISOString().replace(/\D/g, '');
      return `full_backup_${time.slice(0, 8)}_${time.slice(8, 14)}.pgdump.enc.gz`;
    });
    for (const name of stamps) writeFileSync(join(directory, name), 'a stranger', { flag: 'a' });
    const second = await attempt();
    expect([first.fileName, ...stamps]).to.not.include(second.fileName);
    expect(left().filter((name) => name.startsWith('.'))).to.deep.equal([]);
  });

  it('an empty database is a valid backup', async () => {
    await sql('postgres', 'CREATE DATABASE empty TEMPLATE template0');
    source = new Secret(postgres.url('empty'));
    const sidecar = await attempt();
    expect(sidecar.tables).to.deep.equal([]);
    expect(left()).to.have.length(4);
  });
});
