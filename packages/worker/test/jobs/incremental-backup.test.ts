import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fail, SafekeepError } from '@safekeep/shared/errors';
import { LocalStorage } from '@safekeep/shared/storage/local';
import { expect } from 'chai';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { emptyDatabase, postgresServer, sql } from '../../../shared/test/servers.js';
import type { CheckedBackup } from '../../src/jobs/checked-backup.js';
import { openCheckedChain } from '../../src/jobs/checked-chain.js';
import type { BackupMeter } from '../../src/jobs/open-backup.js';
import { realPrograms } from '../postgres/real-programs.js';
import { type IncrementalSource, incrementalSource } from './incremental-source.js';

const SCHEMA = `
  CREATE TABLE patients (id integer PRIMARY KEY, name text NOT NULL);
  CREATE TABLE visits (patient integer REFERENCES patients, at date);
  CREATE TABLE codes (code text PRIMARY KEY);
  INSERT INTO patients SELECT g, 'p' || g FROM generate_series(1, 500) g;
  INSERT INTO visits SELECT g, '2024-01-01' FROM generate_series(1, 10) g;
  INSERT INTO codes SELECT md5(g::text) FROM generate_series(1, 500) g;
  CREATE SEQUENCE numbers; SELECT setval('numbers', 5);
  CREATE MATERIALIZED VIEW names AS SELECT name FROM patients;`;

describe('an incremental backup', function () {
  this.timeout(60_000);
  let database: string;
  let source: IncrementalSource;

  beforeEach(async () => {
    database = await emptyDatabase();
    await sql(database, SCHEMA);
    source = await incrementalSource(await postgresServer(), database);
  });

  /** With pg_restore alone, the base first; its messages. */
  async function restore(
    { id, fileName }: { id: string; fileName: string },
    target: string,
  ): Promise<string> {
    const { encryptionKey } = source.settings;
    const storage = new LocalStorage(source.directory, 'main');
    const stored = {
      backup: { id, fileName },
      recordedHmac: null,
      baseDisposedAt: null,
      storage,
      encryptionKey,
    };
    const chain = await openCheckedChain(stored, { signal: new AbortController().signal });
    let messages = await pgRestore(chain.full, target);
    if (chain.increment !== null) messages += await pgRestore(chain.increment, target);
    await chain.close();
    return messages;
  }

  async function pgRestore(backup: CheckedBackup, target: string): Promise<string> {
    const { directory: programs } = await realPrograms();
    const child = spawn(join(programs, 'pg_restore'), ['-d', (await postgresServer()).url(target)]);
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const closed = once(child, 'close');
    await pipeline([backup.read(), ...backup.unseal(), child.stdin]);
    await closed;
    return stderr;
  }

  const read = (from: string) =>
    sql(
      from,
      `SELECT 'p' AS t, id::text AS a, name AS b FROM patients UNION ALL SELECT 'v', patient::text, at::text FROM visits
       UNION ALL SELECT 'c', code, NULL FROM codes UNION ALL SELECT 'n', name, NULL FROM names
       UNION ALL SELECT 's', last_value::text, NULL FROM numbers ORDER BY 1, 2, 3`,
    );

  it('holds what changed, and restores with its base to what its snapshot saw', async () => {
    await source.full();
    await sql(
      database,
      `UPDATE patients SET name = 'new' || id WHERE id % 100 = 1; DELETE FROM patients WHERE id = 77;
       INSERT INTO patients VALUES (1001, 'late'); INSERT INTO visits VALUES (1001, '2024-02-02');
       SELECT setval('numbers', 50); REFRESH MATERIALIZED VIEW names`,
    );
    const outcome = await source.incremental();
    if (outcome.kind !== 'taken') throw new Error(outcome.reason);
    const { sidecar } = outcome;
    expect(sidecar.fileName).to.match(/^incremental_backup_/);
    expect(sidecar.delta?.changed.map(({ name, mode, newRows }) => [name, mode, newRows])).to.deep.equal([
      ['patients', 'rows', 6],
      ['visits', 'whole', 11],
    ]);
    const target = await emptyDatabase();
    expect(await restore(sidecar, target)).to.equal('');
    expect(await read(target)).to.deep.equal(await read(database));
  });

  it('of a source in which nothing changed is small, and restores with its base to the same', async () => {
    await source.full();
    const outcome = await source.incremental();
    if (outcome.kind !== 'taken') throw new Error(outcome.reason);
    expect(outcome.sidecar.delta).to.deep.include({ staged: [], changed: [] });
    const target = await emptyDatabase();
    expect(await restore(outcome.sidecar, target)).to.equal('');
    expect(await read(target)).to.deep.equal(await read(database));
  });

  it('tells how far it is in numbers, that never go back', async () => {
    await source.full();
    await sql(database, "UPDATE patients SET name = name; DELETE FROM codes WHERE code < '8'");
    let meter: BackupMeter | undefined;
    const readings: ReturnType<BackupMeter['read']>[] = [];
    const work = source.incremental({
      onMeter: (started) => {
        meter = started;
      },
    });
    for (let ended = false; !ended; ) {
      ended = await Promise.race([work.then(() => true), delay(2).then(() => false)]);
      if (meter !== undefined) readings.push(meter.read(Date.now()));
    }
    const numbers = readings.flatMap((one) => [
      one.percent,
      one.doneBytes,
      one.totalBytes,
      one.writtenBytes,
      one.bytesPerSecond,
    ]);
    expect(numbers.every((number) => Number.isFinite(number) && number >= 0)).to.equal(true);
    const percents = readings.map(({ percent }) => percent);
    expect(percents).to.deep.equal(percents.toSorted((a, b) => a - b));
    expect(percents.at(-1)).to.equal(99);
    expect(readings.map(({ phase }) => phase)).to.include('compare');
  });

  describe('that cannot succeed leaves nothing, and says why:', () => {
    beforeEach(() => source.full());

    async function refusal(work: Promise<unknown>): Promise<SafekeepError> {
      const error = await work.then(
        () => null,
        (reason: unknown) => reason,
      );
      if (!(error instanceof SafekeepError)) throw error ?? new Error('it succeeded');
      expect(source.files().filter((name) => !/^full_/.test(name))).to.deep.equal([]);
      return error;
    }

    /** The real programs behind scripts; `dump` and `roles` replace what runs them. */
    async function wrapped(dump: string, roles = 'exec $real "$@"'): Promise<void> {
      const { directory } = await realPrograms();
      const folder = join(await scratchFolder('safekeep-wrapped'), 'bin');
      mkdirSync(folder);
      const write = (name: string, script: string) =>
        writeFileSync(
          join(folder, name),
          `#!/bin/bash\nreal=${directory}/${name}\n[ "$1" = --version ] && exec $real --version\n${script}\n`,
          { mode: 0o755 },
        );
      write('pg_dump', dump);
      write('pg_dumpall', roles);
      source.settings = { ...source.settings, programDirectories: [folder] };
    }

    it('a pg_dump that fails, one that is cut short, one without output, and a list of roles that fails', async () => {
      await wrapped('$real "$@"; exit 3');
      expect(await refusal(source.incremental())).to.include({ code: 'DUMP_FAILED' });
      await wrapped('$real "$@" | head -c 2000; exit 0');
      expect(await refusal(source.incremental())).to.include({ code: 'DUMP_INCOMPLETE' });
      await wrapped('exit 0');
      expect(await refusal(source.incremental())).to.include({ code: 'DUMP_INCOMPLETE' });
      await wrapped('exec $real "$@"', 'exit 1');
      expect(await refusal(source.incremental())).to.include({ code: 'DUMP_FAILED' });
    });

    it('a table that stays locked', async () => {
      source.settings = { ...source.settings, lockTimeout: 200 };
      const server = await postgresServer();
      const locker = spawn('psql', [server.url(database)], { stdio: ['pipe', 'pipe', 'ignore'] });
      locker.stdin.write('BEGIN; LOCK TABLE visits IN ACCESS EXCLUSIVE MODE; SELECT 1;\n');
      await once(locker.stdout, 'data');
      const error = await refusal(source.incremental());
      locker.kill();
      expect(error.code).to.equal('DUMP_FAILED');
      expect(error.message).to.contain('55P03');
    });

    it('a run that lost its place: the last question is answered before anything is visible', async () => {
      await sql(database, 'UPDATE patients SET name = id::text WHERE id < 9');
      source.journal = { confirm: () => Promise.reject(fail('RUN_FENCED')) };
      expect(await refusal(source.incremental())).to.include({ code: 'RUN_FENCED' });
    });

    it('a stop, wherever it is then', async () => {
      await sql(database, 'UPDATE patients SET name = id::text WHERE id < 9');
      for (const phase of ['compare', 'data', 'publish']) {
        const stop = new AbortController();
        const onMeter = (meter: BackupMeter) => stopIn(phase, meter, stop);
        expect(await refusal(source.incremental({ signal: stop.signal, onMeter }))).to.include({
          code: 'RUN_INTERRUPTED',
        });
      }
    });

    it('a server that ends its connection', async () => {
      const onMeter = () =>
        void sql(
          'postgres',
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`,
        );
      const error = await refusal(source.incremental({ onMeter }));
      expect(error.code).to.equal('DUMP_FAILED');
    });
  });
});

/** Stops when the meter enters the phase; nothing else of the job can be seen from outside. */
function stopIn(phase: string, meter: BackupMeter, stop: AbortController): void {
  const inner = meter as BackupMeter & { enter(phase: string, now: number): void };
  const enter = inner.enter.bind(meter);
  inner.enter = (entered, now) => {
    enter(entered, now);
    if (entered === phase) stop.abort(fail('RUN_INTERRUPTED'));
  };
}
