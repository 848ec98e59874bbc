import { setTimeout as delay } from 'node:timers/promises';
import { Secret } from '@safekeep/shared/config/secret';
import { expect } from 'chai';
import pg from 'pg';
import { freePort } from '../../../../scripts/services/free-port.js';
import { emptyDatabase, postgresServer, sql } from '../../../shared/test/servers.js';
import { adviceFor, needsPeople, sqlstateOf } from '../../src/postgres/diagnose.js';
import { libpqAccess } from '../../src/postgres/libpq-environment.js';
import { type Ended, runPgDump } from './real-programs.js';

describe('the SQLSTATE of what pg_dump really says', function () {
  this.timeout(60_000);
  let database: string;
  let base: string;

  before(async () => {
    database = await emptyDatabase();
    base = (await postgresServer()).url(database);
    await sql(database, `CREATE TABLE patients AS SELECT 'MARKER-row' AS name`);
    await sql(
      'postgres',
      `CREATE ROLE nothing_granted LOGIN PASSWORD 'pw'; CREATE ROLE no_login NOLOGIN PASSWORD 'pw';
       CREATE ROLE no_connections LOGIN PASSWORD 'pw' CONNECTION LIMIT 0`,
    );
  });

  async function dump(change: (url: URL) => void, args: string[] = []): Promise<Ended> {
    const url = new URL(base);
    change(url);
    const access = await libpqAccess(new Secret(url.href), process.env);
    try {
      return await runPgDump([...args, '--no-password', `--dbname=${access.database}`], access.environment);
    } finally {
      await access.close();
    }
  }

  const as = (username: string) => (url: URL) => {
    url.username = username;
    url.password = 'pw';
  };

  const failures: [name: string, sqlstate: string, change: (url: URL) => void, args?: string[]][] = [
    ['a role without rights', '42501', as('nothing_granted')],
    ['a wrong password', '28P01', (url) => (url.password = 'wrong')],
    ['no password', '28P01', (url) => (url.password = '')],
    ['a role that does not exist', '28P01', as('nobody_at_all')],
    ['a role that may not log in', '28000', as('no_login')],
    ['a role without a free connection', '53300', as('no_connections')],
    ['a database that does not exist', '3D000', (url) => (url.pathname = '/no_such_database')],
    ['a host that does not exist', '08001', (url) => (url.hostname = 'no-such-host.invalid')],
    ['a snapshot that is none', '22023', () => {}, ['--snapshot=nonsense']],
    ['a snapshot that is over', '22023', () => {}, ['--snapshot=00000003-00000002-1']],
  ];
  for (const [name, sqlstate, change, args] of failures) {
    it(`is ${sqlstate} for ${name}`, async () => {
      const ended = await dump(change, args);
      expect(ended.code, ended.stderr).to.equal(1);
      expect(sqlstateOf(ended.stderr), ended.stderr).to.equal(sqlstate);
    });
  }

  it('is 08001 for a server that is not there', async () => {
    const port = await freePort();
    const ended = await dump((url) => (url.port = String(port)));
    expect(sqlstateOf(ended.stderr), ended.stderr).to.equal('08001');
  });

  it('is 55P03 for a table that stays locked', async () => {
    const holder = new pg.Client(base);
    await holder.connect();
    try {
      await holder.query('BEGIN; LOCK TABLE patients IN ACCESS EXCLUSIVE MODE');
      const ended = await dump(() => {}, ['--lock-wait-timeout=200']);
      expect(sqlstateOf(ended.stderr), ended.stderr).to.equal('55P03');
    } finally {
      await holder.end();
    }
  });

  it('is 42501 for row security that the role cannot pass', async () => {
    const own = await emptyDatabase();
    await sql(
      own,
      `CREATE TABLE secrets (a text); ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
       GRANT SELECT ON secrets TO nothing_granted`,
    );
    const ended = await dump((url) => {
      as('nothing_granted')(url);
      url.pathname = `/${own}`;
    });
    expect(ended.stderr).to.contain('row-level security');
    expect(sqlstateOf(ended.stderr)).to.equal('42501');
  });

  it('is 57P01 or 08006 for a backend that is killed while it dumps', async () => {
    const holder = new pg.Client(base);
    await holder.connect();
    try {
      await holder.query('BEGIN; LOCK TABLE patients IN ACCESS EXCLUSIVE MODE');
      const dumping = dump(() => {});
      const kill = `SELECT pg_terminate_backend(pid) AS killed FROM pg_stat_activity
        WHERE datname = '${database}' AND wait_event_type = 'Lock' AND query LIKE 'LOCK TABLE%'`;
      while ((await sql('postgres', kill)).length === 0) await delay(20);
      const ended = await dumping;
      expect(sqlstateOf(ended.stderr), ended.stderr).to.be.oneOf(['57P01', '08006']);
    } finally {
      await holder.end();
    }
  });

  it('is 57014 for a dump that somebody cancels', async () => {
    const holder = new pg.Client(base);
    await holder.connect();
    try {
      await holder.query('BEGIN; LOCK TABLE patients IN ACCESS EXCLUSIVE MODE');
      const dumping = dump(() => {});
      const cancel = `SELECT pg_cancel_backend(pid) AS killed FROM pg_stat_activity
        WHERE datname = '${database}' AND wait_event_type = 'Lock' AND query LIKE 'LOCK TABLE%'`;
      while ((await sql('postgres', cancel)).length === 0) await delay(20);
      expect(sqlstateOf((await dumping).stderr)).to.equal('57014');
    } finally {
      await holder.end();
    }
  });

  it('is 53300 for a database whose connections are all taken', async () => {
    const limited = await emptyDatabase();
    await sql('postgres', `ALTER DATABASE ${limited} CONNECTION LIMIT 1`);
    await sql('postgres', `GRANT CONNECT ON DATABASE ${limited} TO nothing_granted`);
    const url = new URL(base);
    as('nothing_granted')(url);
    url.pathname = `/${limited}`;
    const client = new pg.Client(url.href);
    await client.connect();
    try {
      const ended = await dump((target) => {
        as('nothing_granted')(target);
        target.pathname = `/${limited}`;
      });
      expect(sqlstateOf(ended.stderr), ended.stderr).to.equal('53300');
    } finally {
      await client.end();
    }
  });
});

describe('the SQLSTATE of a message', () => {
  const messages: [sqlstate: string | null, message: string][] = [
    ['57P01', 'FATAL:  terminating connection due to administrator command'],
    [
      '57P03',
      'connection to server at "db" (10.0.0.1), port 5432 failed: FATAL:  the database system is starting up',
    ],
    ['57P03', 'FATAL:  the database system is shutting down'],
    [
      '40001',
      'ERROR:  canceling statement due to conflict with recovery\nDETAIL:  User query might have needed to see row versions',
    ],
    ['53300', 'FATAL:  sorry, too many clients already'],
    ['53300', 'FATAL:  remaining connection slots are reserved for non-replication superuser connections'],
    ['53100', 'ERROR:  could not write to file "base/pgsql_tmp/pgsql_tmp1": No space left on device'],
    ['53200', 'ERROR:  out of shared memory\nHINT:  You might need to increase max_locks_per_transaction.'],
    ['53200', 'ERROR:  out of memory\nDETAIL:  Failed on request of size 1073741823 in memory context'],
    [
      'XX001',
      'pg_dump: error: Error message from server: ERROR:  invalid page in block 3 of relation base/5/16384',
    ],
    ['XX001', 'ERROR:  missing chunk number 0 for toast value 16391 in pg_toast_16384'],
    [
      '08006',
      'server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally',
    ],
    ['08006', 'SSL SYSCALL error: EOF detected'],
    ['28000', 'FATAL:  no pg_hba.conf entry for host "10.0.0.2", user "u", database "d", no encryption'],
    ['08001', 'pg_dump: error: connection to server at "db" (10.0.0.1), port 5432 failed: timeout expired'],
    [null, ''],
    [null, 'pg_dump: error: something new'],
  ];
  for (const [sqlstate, message] of messages) {
    it(`is ${sqlstate ?? 'not known'} for ${JSON.stringify(message.slice(0, 60))}`, () => {
      expect(sqlstateOf(message)).to.equal(sqlstate);
    });
  }

  it('decides whether another attempt can help', () => {
    for (const sqlstate of ['42501', '28P01', '28000', '3D000']) expect(needsPeople(sqlstate)).to.equal(true);
    for (const sqlstate of ['55P03', '57P01', '57P03', '08006', '08001', '53300', '53100', '40001', null])
      expect(needsPeople(sqlstate), String(sqlstate)).to.equal(false);
  });

  it('has an advice, or the advice to look', () => {
    expect(adviceFor('55P03')).to.contain('pg_locks');
    expect(adviceFor('53200')).to.contain('max_locks_per_transaction');
    expect(adviceFor('99999')).to.equal(adviceFor(null));
    expect(adviceFor(null)).to.contain('Run pg_dump by hand');
  });
});
