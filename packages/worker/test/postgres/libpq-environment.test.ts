import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Secret } from '@safekeep/shared/config/secret';
import { expect } from 'chai';
import pg from 'pg';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { postgresServer, sql } from '../../../shared/test/servers.js';
import {
  conninfoDatabase,
  type LibpqAccess,
  libpqAccess,
  removeOrphanedPassfiles,
} from '../../src/postgres/libpq-environment.js';
import { startGlobalsDump, startPgDump } from '../../src/postgres/pg-dump.js';
import { runPgDump } from './real-programs.js';

/** The worker's environment, with all that must not reach a child. */
const INHERITED: NodeJS.ProcessEnv = {
  ...process.env,
  BACKUP_ENCRYPTION_KEY: 'MARKER-key',
  JWT_SECRET: 'MARKER-jwt',
  SOURCE_DATABASE_URL: 'postgres://u:MARKER-password@h/d',
  PGPASSWORD: 'MARKER-other',
  PGDATABASE: 'MARKER-database',
  PGHOST: 'MARKER-host',
  PGSERVICE: 'MARKER-service',
  PGOPTIONS: '-c MARKER=1',
};

async function withAccess<T>(url: string, work: (access: LibpqAccess) => Promise<T> | T): Promise<T> {
  const access = await libpqAccess(new Secret(url), INHERITED);
  try {
    return await work(access);
  } finally {
    await access.close();
  }
}

describe('what PostgreSQL’s programs are given', () => {
  it('is the server of the URL, and the password in a file that only its owner can read', async () => {
    const authority = join(await scratchFolder('safekeep-tls'), 'ca.pem');
    writeFileSync(authority, '');
    const server = 'postgres://cl%69nic:p%40ss%3Aword@db.example:6432/clinic';
    const url = `${server}?sslmode=verify-full&sslrootcert=${authority}`;
    const folder = await withAccess(url, ({ environment, database }) => {
      expect(environment).to.include({
        PGHOST: 'db.example',
        PGPORT: '6432',
        PGUSER: 'clinic',
        PGSSLMODE: 'verify-full',
        PGSSLROOTCERT: authority,
        LC_ALL: 'C',
        TZ: 'UTC',
      });
      expect(database).to.match(/^dbname='clinic' keepalives_idle=\d+ /);
      const file = environment.PGPASSFILE as string;
      expect(statSync(file).mode & 0o777).to.equal(0o600);
      expect(statSync(dirname(file)).mode & 0o777).to.equal(0o700);
      expect(readFileSync(file, 'utf8')).to.equal('*:*:*:*:p@ss\\:word\n');
      return dirname(file);
    });
    expect(existsSync(folder), 'removed at the end').to.equal(false);
  });

  it('is a passfile of its own for each, and closing twice harms nothing', async () => {
    const url = new Secret('postgres://u:p@h/d');
    const [one, two] = [await libpqAccess(url, INHERITED), await libpqAccess(url, INHERITED)];
    expect(one.environment.PGPASSFILE).to.not.equal(two.environment.PGPASSFILE);
    expect(one.applicationName).to.not.equal(two.applicationName);
    await one.close();
    await one.close();
    expect(existsSync(two.environment.PGPASSFILE as string)).to.equal(true);
    await two.close();
  });

  it('is nothing else of the worker’s environment than is named', async () => {
    await withAccess('postgres://u:p-MARKER@h:1/d', ({ environment }) => {
      expect(JSON.stringify(environment)).to.not.contain('MARKER');
      const allowed = [
        'HOME',
        'KRB5CCNAME',
        'LC_ALL',
        'PATH',
        'SSL_CERT_DIR',
        'SSL_CERT_FILE',
        'TZ',
        'SAFEKEEP_STARTED_BY',
      ];
      const libpq = ['PGAPPNAME', 'PGCONNECT_TIMEOUT', 'PGHOST', 'PGPASSFILE', 'PGPORT', 'PGUSER'];
      for (const name of Object.keys(environment)) expect([...allowed, ...libpq], name).to.include(name);
    });
  });

  it('is the worker’s own passfile where the URL has no password', async () => {
    const inherited = { PATH: '/bin', PGPASSFILE: '/etc/safekeep/pgpass' };
    const access = await libpqAccess(new Secret('postgres://u@h/d'), inherited);
    expect(access.environment.PGPASSFILE).to.equal('/etc/safekeep/pgpass');
    await access.close();
  });

  it('keeps key and password out of the environment and the arguments of both programs', async () => {
    const folder = await scratchFolder('safekeep-programs');
    const directory = join(folder, 'bin');
    mkdirSync(directory);
    for (const program of ['pg_dump', 'pg_dumpall']) {
      const script = `#!/bin/sh\nenv > ${folder}/${program}.env\nprintf '%s\\n' "$@" > ${folder}/${program}.args\n`;
      writeFileSync(join(directory, program), script, { mode: 0o755 });
    }
    process.env.BACKUP_ENCRYPTION_KEY = 'MARKER-key';
    await withAccess('postgres://u:p-MARKER@h:1/-d%3D%27x', async (access) => {
      const options = { programs: { directory, version: '15.1', major: 15 }, access, lockTimeout: 60_000 };
      const dumps = [
        startPgDump({ ...options, snapshot: '1-1', compress: '0' }),
        startGlobalsDump({ ...options, withPasswords: false }),
      ];
      for (const dump of dumps) {
        dump.stdout.resume();
        expect(await dump.ended).to.deep.include({ ok: true, exit: 0, sqlstate: null });
      }
    }).finally(() => delete process.env.BACKUP_ENCRYPTION_KEY);
    for (const program of ['pg_dump', 'pg_dumpall']) {
      const environment = readFileSync(join(folder, `${program}.env`), 'utf8');
      const args = readFileSync(join(folder, `${program}.args`), 'utf8')
        .trimEnd()
        .split('\n');
      expect(`${environment} ${args}`).to.not.contain('MARKER');
      expect(environment).to.contain('PGPASSFILE=').and.contain('PGUSER=u');
      expect(
        args.every((arg) => arg.startsWith('--')),
        args.join(' '),
      ).to.equal(true);
      expect(args.at(-1)).to.match(/^--(dbname|database)=dbname='-d=\\'x' keepalives_idle=/);
    }
  });
});

describe('passfiles that a killed worker left', () => {
  const temporary = process.env.TMPDIR;
  let folder: string;

  beforeEach(async () => {
    folder = await scratchFolder('safekeep-tmp');
    process.env.TMPDIR = folder;
  });
  afterEach(() => {
    if (temporary === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = temporary;
  });

  it('are removed when a worker starts; those of living workers and what is not Safekeep’s stay', async () => {
    const dead = spawnSync('true').pid;
    for (const name of [
      `safekeep-pgpass-${dead}-abc`,
      `safekeep-pgpass-${process.ppid}-abc`,
      'safekeep-other',
    ]) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'pgpass'), 'x');
    }
    await removeOrphanedPassfiles();
    expect(readdirSync(folder)).to.have.members([`safekeep-pgpass-${process.ppid}-abc`, 'safekeep-other']);
  });

  it('carry the pid of their worker, by which they are found', async () => {
    const access = await libpqAccess(new Secret('postgres://u:p@h/d'), {});
    expect(readdirSync(folder)[0]).to.match(new RegExp(`^safekeep-pgpass-${process.pid}-`));
    await removeOrphanedPassfiles();
    expect(readdirSync(folder), 'a pid is used again in a container that starts anew').to.deep.equal([]);
    await access.close();
  });
});

describe('a password', function () {
  this.timeout(60_000);
  const passwords = [
    'plain',
    'with:colon:',
    '::',
    'back\\slash\\',
    '\\:\\\\:',
    '#hash first',
    ' spaces ',
    '*:*:*:*:x',
    'ümlaut 密码 😀',
    `quotes'"\`$(id)`,
    '%40 percent %',
    'x'.repeat(300),
  ];
  for (const [at, password] of passwords.entries()) {
    it(`logs in as it is: ${JSON.stringify(password.slice(0, 24))}`, async () => {
      const role = `role with ${at}: "odd" name`;
      await sql(
        'postgres',
        `CREATE ROLE ${pg.escapeIdentifier(role)} LOGIN PASSWORD ${pg.escapeLiteral(password)}`,
      );
      const url = new URL((await postgresServer()).url('postgres'));
      url.username = encodeURIComponent(role);
      url.password = encodeURIComponent(password);
      await withAccess(url.href, async ({ environment, database }) => {
        const args = ['--schema-only', '--no-password', `--dbname=${database}`];
        const ended = await runPgDump(args, environment);
        expect(ended.code, ended.stderr).to.equal(0);
      });
      url.password = encodeURIComponent(`${password}x`);
      await withAccess(url.href, async ({ environment, database }) => {
        const ended = await runPgDump(['--no-password', `--dbname=${database}`], environment);
        expect(ended.stderr, 'the test tests something').to.contain('password authentication failed');
      });
    });
  }
});

describe('a database’s name', function () {
  this.timeout(60_000);
  const names = [
    '-dash',
    '--version',
    'a=b',
    'host=elsewhere.invalid',
    'postgres://u:p@elsewhere.invalid/x',
    'postgresql://x',
    `it's`,
    `'`,
    `' host='elsewhere.invalid`,
    'back\\slash',
    `\\'`,
    'ends in \\',
    'new\nline',
    'tab\tand  spaces ',
    '"quoted"',
    '$(touch x);`id`',
    'ümlaut 密码 😀',
    '%41 percent',
    'a/b?c#d@e:f',
    'x'.repeat(63),
  ];
  for (const [at, name] of names.entries()) {
    it(`reaches pg_dump as it is: ${JSON.stringify(name)}`, async () => {
      await sql('postgres', `CREATE DATABASE ${pg.escapeIdentifier(name)}`);
      const url = (await postgresServer()).url(name);
      await sql(name, `CREATE TABLE marker_${at} ()`);
      await withAccess(url.replace(/%0A/gi, ''), async ({ environment, database }) => {
        expect(database).to.equal(conninfoDatabase(name.replace('\n', '')));
        const args = ['--schema-only', '--no-password', `--dbname=${conninfoDatabase(name)}`];
        const ended = await runPgDump(args, environment);
        expect(ended.code, ended.stderr).to.equal(0);
        expect(ended.stdout).to.contain(`marker_${at}`);
      });
      await sql('postgres', `DROP DATABASE ${pg.escapeIdentifier(name)}`);
    });
  }
});
