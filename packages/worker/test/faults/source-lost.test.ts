import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Secret } from '@safekeep/shared/config/secret';
import { clientOptions } from '@safekeep/shared/history/database';
import { expect } from 'chai';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../../../scripts/services/postgres.js';
import { slowTable } from '../process/world.js';
import { type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { type Asked, openRequests, type Requests } from './harness/requests.js';
import { SEEDS, Tally } from './harness/seeds.js';
import { openProxy, type TcpProxy } from './harness/tcp-proxy.js';

const ROWS = 20_000;
/** As the server sends them, in bytes. */
const SENT = ROWS * 520;

/** Fault 8 of docs/TESTING.md. */
describe('a source that fails while it is dumped', function () {
  this.timeout(150_000);
  let world: FaultWorld;
  let server: PostgresServer;
  let toServer: TcpProxy;
  let requests: Requests;
  const tally = new Tally(8);

  before(async () => {
    world = await openFaultWorld('source-lost', { sources: ['locked', 'silent'] });
    server = await startPostgres({ directory: join(world.folder, 'source-server') });
    toServer = await openProxy(server.port);
    await fillSource(server.url('postgres'), slowTable(ROWS));
    await world.sql('source_silent', slowTable(ROWS));
    await world.sql('source_locked', 'CREATE TABLE visits AS SELECT g AS id FROM generate_series(1, 100) g');
    const sources = join(world.folder, 'failing-sources.json');
    const silent = world.network.source.through(world.postgres.url('source_silent'));
    writeFileSync(
      sources,
      JSON.stringify([
        { name: 'locked', url: world.postgres.url('source_locked') },
        { name: 'silent', url: silent },
      ]),
      { mode: 0o600 },
    );
    await world.startWorker({
      SOURCE_DATABASE_URL: toServer.through(server.url('postgres')),
      SOURCES_FILE: sources,
      BACKUP_COMPRESSION: 'gzip:1',
      BACKUP_LOCK_TIMEOUT: '1s',
      WORKER_CONCURRENCY: '4',
    });
    requests = openRequests(world, ['main', 'locked', 'silent']);
  });
  after(async () => {
    tally.print();
    await requests?.close();
    await toServer?.close();
    await server?.stop('immediate');
    await world?.close();
  });

  const filesOf = (source: string) =>
    existing(source === 'main' ? world.backupDirectory : join(world.backupDirectory, source)).filter((name) =>
      name.includes('backup_'),
    );

  /** How the attempts of a backup ended so far. */
  async function attempts({ id }: Asked): Promise<(string | null)[]> {
    const rows = await world.sql<{ error_code: string | null }>(
      'history',
      `SELECT error_code FROM runs WHERE subject_id = '${id}' AND state <> 'running' ORDER BY token`,
    );
    return rows.map((run) => run.error_code);
  }

  async function afterFirstAttempt(asked: Asked): Promise<void> {
    while ((await attempts(asked)).length === 0) await delay(50);
  }

  for (const { number, random } of SEEDS) {
    describe(`(seed ${number})`, () => {
      const point = () => random.between(SENT / 8, (SENT * 3) / 4);
      const [killedAt, cutAt, silentAt] = [point(), point(), point()];
      let locked: Promise<void>;
      let silent: Promise<void>;

      before(() => {
        locked = waitsForALock();
        silent = goesSilent();
        // Each is awaited by its own test.
        for (const slow of [locked, silent]) slow.catch(() => {});
      });

      async function waitsForALock(): Promise<void> {
        const before = filesOf('locked');
        const holder = new pg.Client(clientOptions(new Secret(world.postgres.url('source_locked'))));
        await holder.connect();
        await holder.query('BEGIN; LOCK TABLE visits IN ACCESS EXCLUSIVE MODE');
        const ended = await requests.end(await requests.backup('locked'));
        await holder.end();
        expect(ended).to.include({ status: 'failed', error_code: 'DUMP_FAILED', attempts: 4 });
        expect(ended.error_message).to.contain('55P03');
        expect(ended.error_hint).to.contain('pg_locks');
        tally.count('locked table');
        expect(filesOf('locked')).to.deep.equal(before);
        expect(await requests.end(await requests.backup('locked'))).to.include({ status: 'completed' });
      }

      async function goesSilent(): Promise<void> {
        const { source } = world.network;
        const held = source.blackHoleAfter(silentAt);
        const asked = await requests.backup('silent');
        await held;
        await afterFirstAttempt(asked);
        tally.count(`silent at ${percent(silentAt)}`);
        source.mend();
        expect(await requests.end(asked)).to.include({ status: 'completed', attempts: 2 });
        expect(await attempts(asked)).to.deep.equal(['SOURCE_SILENT', null]);
      }

      it('by an immediate stop of its server ends the attempt with the reason and no file; the next one succeeds', async () => {
        const before = filesOf('main');
        const held = toServer.blackHoleAfter(killedAt);
        const asked = await requests.backup();
        await held;
        await server.stop('immediate');
        toServer.mend();
        await afterFirstAttempt(asked);
        tally.count(`stopped at ${percent(killedAt)}`);
        expect(filesOf('main')).to.deep.equal(before);
        await server.restart();
        expect(await requests.end(asked)).to.include({ status: 'completed' });
        const [first, ...others] = await attempts(asked);
        expect([first, others.at(-1)]).to.deep.equal(['DUMP_FAILED', null]);
        // A server that takes its time to start is met by the attempts in between.
        for (const code of others.slice(0, -1)) expect(code).to.equal('SOURCE_UNREACHABLE');
      });

      it('by a network that is cut likewise', async () => {
        const before = filesOf('main');
        const held = toServer.blackHoleAfter(cutAt);
        const asked = await requests.backup();
        await held;
        toServer.cut();
        toServer.mend();
        await afterFirstAttempt(asked);
        tally.count(`cut at ${percent(cutAt)}`);
        expect(filesOf('main')).to.deep.equal(before);
        expect(await requests.end(asked)).to.include({ status: 'completed', attempts: 2 });
        expect(await attempts(asked)).to.deep.equal(['DUMP_FAILED', null]);
      });

      it('for good fails the backup after some attempts, and says that it cannot be reached', async () => {
        await server.stop('immediate');
        const ended = await requests.end(await requests.backup());
        await server.restart();
        expect(ended).to.include({ status: 'failed', error_code: 'SOURCE_UNREACHABLE', attempts: 4 });
        tally.count('down');
      });

      it('by a lock that somebody keeps on a table is told as that', () => locked);

      it('by a network that swallows everything ends the attempt within minutes; the next one succeeds', () =>
        silent);

      after(() => checkInvariants(world));
    });
  }
});

/** The folder of a further source is made by its first backup. */
function existing(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

const percent = (bytes: number) => `${Math.round((bytes / SENT) * 10) * 10} %`;

async function fillSource(url: string, text: string): Promise<void> {
  const client = new pg.Client(clientOptions(new Secret(url)));
  await client.connect();
  await client.query(text);
  await client.end();
}
