import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import type pg from 'pg';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { type PropertyServer, plainServer, serverProgram } from './property-server.js';
import { applyByHand } from './restore-by-hand.js';
import { openSession, runSql } from './session.js';
import { backupFolder, type TakenBackup } from './take-backups.js';

/** 100,000 accounts each. */
const SCALE = Number(process.env.PGBENCH_SCALE ?? 1);
const INCREMENTS = 10;
const CLIENTS = 4;
const TABLES = ['pgbench_accounts', 'pgbench_branches', 'pgbench_history', 'pgbench_tellers'];

/** Of each table its rows, and two sums over the hashes of their texts. */
type Sums = Readonly<Record<string, string>>;

describe('one full and ten incremental backups of a source that pgbench writes to at full speed', function () {
  this.timeout(120_000 + SCALE * 60_000);
  let server: PropertyServer;

  before(async () => {
    server = await plainServer();
  });
  after(() => server?.postgres.stop('immediate'));

  it('are each restored to what their own snapshots saw', async () => {
    const database = 'bench';
    const url = server.postgres.url(database);
    await runSql(server.postgres.url('postgres'), `CREATE DATABASE ${database}`);
    await end(pgbench(url, ['-i', '-q', `--scale=${SCALE}`, '--foreign-keys']));
    const folder = backupFolder({ database, url, server }, await scratchFolder('safekeep-pgbench'), readSums);
    const writers = pgbench(url, [`--client=${CLIENTS}`, '--time=3600', '--no-vacuum']);
    const taken: TakenBackup<Sums>[] = [];
    try {
      taken.push(await folder.take('full'));
      while (taken.length <= INCREMENTS) taken.push(await folder.take('incremental'));
      expect(writers.exitCode, 'pgbench ended early').to.equal(null);
    } finally {
      const ended = once(writers, 'exit');
      writers.kill();
      await ended;
    }
    expect(new Set(taken.map(({ truth }) => truth.pgbench_history)).size).to.equal(INCREMENTS + 1);
    await prove(taken, folder.encryptionKey);
  });

  async function prove(
    [base, ...increments]: readonly TakenBackup<Sums>[],
    key: Parameters<typeof applyByHand>[2],
  ): Promise<void> {
    const admin = server.postgres.url('postgres');
    await runSql(admin, 'CREATE DATABASE base TEMPLATE template0');
    await restore('base', base);
    for (const increment of increments) {
      expect(increment.sidecar.type).to.equal('incremental');
      await runSql(admin, 'CREATE DATABASE copy TEMPLATE base');
      await restore('copy', increment);
      await runSql(admin, 'DROP DATABASE copy');
    }

    async function restore(name: string, backup: TakenBackup<Sums> | undefined): Promise<void> {
      const target = server.postgres.url(name);
      const applied = await applyByHand(server.programs, backup?.file ?? '', key, target);
      expect(applied).to.deep.equal({ code: 0, errors: '' });
      const client = await openSession(target);
      try {
        expect(await readSums(client)).to.deep.equal(backup?.truth);
      } finally {
        await client.end();
      }
    }
  }
});

/** Reads the tables, and that what each transaction did to all of them is there wholly or not at all. */
async function readSums(client: pg.Client): Promise<Sums> {
  const sums: Record<string, string> = {};
  for (const table of TABLES) {
    const { rows } = await client.query<{ sums: string }>(
      `SELECT concat_ws(' ', count(*), sum(hashtextextended(t::text, 1)), sum(hashtextextended(t::text, 2))) AS sums
       FROM public.${table} t`,
    );
    sums[table] = rows[0]?.sums ?? '';
  }
  const { rows } = await client.query<{ whole: boolean }>(
    `SELECT (SELECT sum(abalance) FROM public.pgbench_accounts) = coalesce((SELECT sum(delta) FROM public.pgbench_history), 0)
        AND (SELECT sum(tbalance) FROM public.pgbench_tellers) = (SELECT sum(bbalance) FROM public.pgbench_branches) AS whole`,
  );
  expect(rows[0]?.whole, 'a transaction is there by half').to.equal(true);
  return sums;
}

function pgbench(url: string, options: readonly string[]): ChildProcess {
  const { hostname, port, username, password, pathname } = new URL(url);
  const env = {
    PATH: process.env.PATH,
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: username,
    PGPASSWORD: password,
  };
  return spawn(serverProgram('pgbench'), [...options, pathname.slice(1)], { env, stdio: 'ignore' });
}

async function end(child: ChildProcess): Promise<void> {
  const [code] = await once(child, 'exit');
  expect(code).to.equal(0);
}
