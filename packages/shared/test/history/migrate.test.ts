import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import pg from 'pg';
import { appendAudit } from '../../src/audit/audit.js';
import { Secret } from '../../src/config/secret.js';
import { migrateHistory } from '../../src/history/migrate.js';
import { emptyDatabase, postgresServer, sql } from '../servers.js';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('migrating-process.ts', import.meta.url));
const MIGRATIONS = readdirSync(new URL('../../migrations', import.meta.url)).map((name) =>
  name.replace(/\.sql$/, ''),
);

/** Starts this many processes at once, each of which migrates; what each of them applied. */
async function migrateAtOnce(count: number, urls: readonly string[]): Promise<string[][]> {
  const args = ['--import', 'tsx/esm', '--conditions=source', PROGRAM, ...urls];
  const processes = Array.from({ length: count }, () => run(process.execPath, args));
  const outcomes = await Promise.all(processes);
  return outcomes.map(({ stdout }) => JSON.parse(stdout) as string[]);
}

describe('migrations of the history', () => {
  it('are applied once when eight processes start at the same time, and none of them fails', async () => {
    const database = await emptyDatabase();
    const applied = await migrateAtOnce(8, [(await postgresServer()).url(database)]);
    expect(applied.flat()).to.deep.equal(MIGRATIONS.sort());
    const rows = await sql<{ name: string }>(database, 'SELECT name FROM schema_migrations ORDER BY id');
    expect(rows.map((row) => row.name)).to.deep.equal(MIGRATIONS);
  });

  it('say what is missing when their role may not make tables, and when there is no database', async () => {
    const database = await emptyDatabase();
    await sql('postgres', `CREATE ROLE may_nothing LOGIN PASSWORD 'a-password'`);
    const url = new URL((await postgresServer()).url(database));
    [url.username, url.password] = ['may_nothing', 'a-password'];
    const codeOf = async (href: string) => {
      const migrating = migrateHistory({ HISTORY_DATABASE_URL: new Secret(href) });
      return migrating.then(
        () => 'done',
        (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
      );
    };
    expect(await codeOf(url.href)).to.match(/^MIGRATION_FAILED: .*SQLSTATE 42501/);
    url.pathname = '/there_is_no_such_database';
    expect(await codeOf(url.href)).to.match(/^HISTORY_UNAVAILABLE: /);
  });

  describe('with a role of their own', () => {
    const [migrator, application] = ['history_migrator', 'history "application"'];
    let database: string;
    let urls: string[];
    let applied: string[][];
    let client: pg.Client;

    before(async () => {
      database = await emptyDatabase();
      for (const role of [migrator, application])
        await sql('postgres', `CREATE ROLE ${pg.escapeIdentifier(role)} LOGIN PASSWORD 'a-password'`);
      await sql('postgres', `ALTER DATABASE ${database} OWNER TO ${migrator}`);
      const server = await postgresServer();
      urls = [application, migrator].map((role) => {
        const url = new URL(server.url(database));
        url.username = encodeURIComponent(role);
        url.password = 'a-password';
        return url.href;
      });
      applied = await migrateAtOnce(8, urls);
      client = new pg.Client(urls[0]);
      await client.connect();
    });
    after(() => client?.end());

    const refused = (text: string) =>
      client.query(text).then(
        () => 'done',
        (error: { code: string }) => error.code,
      );

    it('are applied once by eight processes that also grant rights at the same time', () => {
      expect(applied.flat()).to.deep.equal(MIGRATIONS);
    });

    it('never fail a process over the grants of another one', async () => {
      const [HISTORY_DATABASE_URL, HISTORY_MIGRATIONS_URL] = urls.map((url) => new Secret(url)) as [
        Secret,
        Secret,
      ];
      for (let round = 0; round < 5; round += 1) {
        const starting = Array.from({ length: 12 }, () =>
          migrateHistory({ HISTORY_DATABASE_URL, HISTORY_MIGRATIONS_URL }),
        );
        expect((await Promise.all(starting)).flat()).to.deep.equal([]);
      }
    });

    it('leave the application all it needs to work', async () => {
      await appendAudit(client, {
        actor: { id: null, name: 'worker', address: null },
        action: 'backup.completed',
        target: null,
        result: 'ok',
      });
      await client.query(`INSERT INTO backups (id, source, type, requested_type, status, requested_via)
        VALUES ('018f0000-0000-4000-8000-000000000001', 'main', 'full', 'full', 'queued', 'cli')`);
      await client.query(`UPDATE backups SET status = 'running'`);
      await client.query(`INSERT INTO runs (id, queue, subject_id, source, state, worker, lease_until)
        SELECT id, 'backup', id, 'main', 'running', 'w', now() FROM backups`);
      await client.query('DELETE FROM runs');
      expect((await client.query('SELECT seq, hash FROM audit_events')).rowCount).to.equal(1);
    });

    it('leave the application no way to change, remove or forge an audit event', async () => {
      for (const text of [
        `UPDATE audit_events SET actor = 'somebody'`,
        'DELETE FROM audit_events',
        'TRUNCATE audit_events',
        'ALTER TABLE audit_events DISABLE TRIGGER ALL',
        'DROP TRIGGER audit_refuse_change ON audit_events',
        'DROP TABLE audit_events',
        `CREATE OR REPLACE FUNCTION audit_event_hash(event audit_events) RETURNS bytea LANGUAGE sql AS $$ SELECT ''::bytea $$`,
        'SET session_replication_role = replica',
        `INSERT INTO schema_migrations (name, run_on) VALUES ('9999_forged', now())`,
        'DELETE FROM schema_migrations',
      ]) {
        expect(await refused(text), text).to.equal('42501');
      }
    });

    it('keep what an inserted event says of its own number, time and hash out of the trail', async () => {
      await client.query(`INSERT INTO audit_events (seq, at, actor, action, result, prev_hash, hash)
        VALUES (999, '2001-01-01', 'forger', 'x', 'ok', '\\x01', '\\x02')`);
      const { rows } = await client.query(
        `SELECT seq::int, at > now() - interval '1 hour' AS recent, hash = audit_event_hash(e) AS true
         FROM audit_events e WHERE actor = 'forger'`,
      );
      expect(rows).to.deep.equal([{ seq: 2, recent: true, true: true }]);
    });

    it('can be repeated at any time without changing anything', async () => {
      expect((await migrateAtOnce(1, urls)).flat()).to.deep.equal([]);
      expect(await refused('DELETE FROM audit_events')).to.equal('42501');
    });
  });
});
