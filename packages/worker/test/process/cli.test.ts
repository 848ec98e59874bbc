import type { Backup } from '@safekeep/shared/contracts/backup';
import { expect } from 'chai';
import { openWorld, type World } from './world.js';

describe('backup.sh', function () {
  this.timeout(60_000);
  let world: World;

  before(async () => {
    world = await openWorld('cli');
    await world.sql('source', 'CREATE TABLE patients AS SELECT g AS id FROM generate_series(1, 1000) g');
  });
  after(() => world?.close());

  it('says what to do before the first backup, and when no worker is there', async () => {
    await world.startWorker();
    await world.killWorkers();
    const list = await world.cli(['list']);
    expect(list).to.deep.include({
      code: 0,
      stdout: 'no backups yet; take the first with: backup.sh full\n',
    });
    const status = await world.cli(['status']);
    expect(status.code).to.equal(0);
    expect(status.stdout).to.contain('never');
  });

  it('full waits for the end, prints progress on standard error and a summary on standard output', async () => {
    await world.startWorker();
    const { code, stdout, stderr } = await world.cli(['full']);
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/^status +completed$/m)
      .and.match(/^contents +1 tables, 1000 rows$/m);
    expect(stderr).to.match(/^backup [0-9a-f-]{36} of source main$/m);
  });

  it('full --no-wait --json prints the queued row and returns', async () => {
    const { code, stdout, stderr } = await world.cli(['full', '--no-wait', '--json']);
    const backup = JSON.parse(stdout) as Backup;
    expect(code).to.equal(0);
    expect(stderr).to.equal('');
    expect(backup).to.include({ type: 'full', source: 'main', status: 'queued', requestedVia: 'cli' });
    await world.newestBackup((newest) => newest.id === backup.id && newest.status === 'completed');
  });

  it('list and show tell what history knows, newest first', async () => {
    const all = JSON.parse((await world.cli(['list', '--json'])).stdout) as Backup[];
    expect(all).to.have.length(2);
    const times = all.map((backup) => String(backup.createdAt));
    expect((times[0] ?? '') > (times[1] ?? '')).to.equal(true);
    const one = JSON.parse((await world.cli(['list', '--json', '--limit', '1'])).stdout) as Backup[];
    expect(one).to.deep.equal(all.slice(0, 1));
    const none = JSON.parse((await world.cli(['list', '--json', '--status', 'failed'])).stdout) as Backup[];
    expect(none).to.deep.equal([]);
    const shown = await world.cli(['show', all[0]?.id ?? '']);
    expect(shown.stdout).to.contain(all[0]?.checksum);
  });

  it('leaves an audit event with the person of the operating system for each request, and one for each end', async () => {
    const events = await world.sql<{ action: string; actor: string; result: string }>(
      'history',
      `SELECT action, actor, result FROM audit_events WHERE action LIKE 'backup.%' ORDER BY seq`,
    );
    expect(events.map((event) => event.action)).to.deep.equal([
      'backup.request',
      'backup.completed',
      'backup.request',
      'backup.completed',
    ]);
    expect(events[0]?.actor).to.match(/^cli:\w+/);
    expect(events[1]?.actor).to.equal('worker');
  });

  it('audit list and audit verify read the trail; a broken one is exit code 5 and says where', async () => {
    const list = await world.cli(['audit', 'list', '--action', 'backup', '--limit', '1', '--json']);
    expect(list.code).to.equal(0);
    expect(JSON.parse(list.stdout)).to.have.length(1);
    const whole = await world.cli(['audit', 'verify']);
    expect(whole.code).to.equal(0);
    const [, head = ''] = /^head: (\d+:[0-9a-f]{64})$/m.exec(whole.stdout) ?? [];
    expect((await world.cli(['audit', 'verify', '--expect', head])).code).to.equal(0);
    expect((await world.cli(['audit', 'verify', '--expect', 'latest'])).code).to.equal(2);
    await world.sql(
      'history',
      `ALTER TABLE audit_events DISABLE TRIGGER ALL; UPDATE audit_events SET actor = 'x' WHERE seq = 2;
       ALTER TABLE audit_events ENABLE TRIGGER ALL`,
    );
    const broken = await world.cli(['audit', 'verify']);
    expect(broken.code).to.equal(5);
    expect(broken.stdout).to.contain('BROKEN at event 2').and.to.contain('edited');
  });

  it('a failed backup ends the command with the exit code of its reason and says what to do', async () => {
    await world.killWorkers();
    await world.startWorker({ BACKUP_DIR: '/nowhere/at/all' });
    const { code, stdout } = await world.cli(['full']);
    expect(code).to.equal(3);
    expect(stdout)
      .to.match(/^status +failed$/m)
      .and.contain('BACKUP_DIR_UNUSABLE')
      .and.contain('mounted');
    const json = await world.cli(['full', '--json']);
    expect(json.code).to.equal(3);
    expect((JSON.parse(json.stdout) as Backup).error?.hint).to.contain('BACKUP_DIR');
  });

  const refusals: readonly { args: string[]; env?: NodeJS.ProcessEnv; code: number; says: RegExp }[] = [
    { args: ['nonsense'], code: 2, says: /unknown command 'nonsense'/ },
    { args: ['full', '--nonsense'], code: 2, says: /unknown option '--nonsense'/ },
    { args: ['full', 'extra'], code: 2, says: /too many arguments/ },
    { args: ['show'], code: 2, says: /missing required argument 'id'/ },
    { args: ['show', '1; DROP TABLE backups'], code: 2, says: /is not the id of a backup/ },
    {
      args: ['show', '5a1ef8b1-0c5f-4b1c-9f4e-0a3b1c9d8e7f'],
      code: 2,
      says: /no backup with the id.*\n.*backup\.sh list/,
    },
    { args: ['list', '--limit', '-1'], code: 2, says: /--limit/ },
    { args: ['list', '--limit', 'x'], code: 2, says: /--limit/ },
    { args: ['list', '--status', 'good'], code: 2, says: /--status/ },
    { args: ['full', '--source', 'lab'], code: 2, says: /no source named "lab"; known are: main/ },
    { args: ['status', '--source', 'lab'], code: 2, says: /no source named "lab"/ },
    { args: ['list'], env: { HISTORY_DATABASE_URL: '', REDIS_URL: 'http://x' }, code: 3, says: /2 mistake/ },
    {
      args: ['list'],
      env: { HISTORY_DATABASE_URL: 'postgres://x:y@127.0.0.1:1/h' },
      code: 4,
      says: /history database cannot be reached/,
    },
    {
      args: ['status'],
      env: { REDIS_URL: 'redis://127.0.0.1:1' },
      code: 4,
      says: /NOT REACHABLE: start Redis/,
    },
    {
      args: ['full'],
      env: { REDIS_URL: 'redis://127.0.0.1:1' },
      code: 4,
      says: /was not queued and never will be/,
    },
  ];
  for (const { args, env, code, says } of refusals) {
    it(`${args.join(' ')} ${env ? `with ${Object.entries(env).join(' ')} ` : ''}ends with ${code}`, async () => {
      const ended = await world.cli(args, env);
      expect(ended.code).to.equal(code);
      expect(ended.stderr + ended.stdout).to.match(says);
    });
  }

  it('with --json an error is a JSON document on standard output, too', async () => {
    const { stdout } = await world.cli(['full', '--json', '--source', 'lab']);
    expect(JSON.parse(stdout)).to.have.nested.property('error.code', 'SOURCE_UNKNOWN');
  });

  it('--help names every verb and every exit code', async () => {
    const { code, stdout } = await world.cli(['--help']);
    expect(code).to.equal(0);
    for (const word of [
      'full',
      'list',
      'show',
      'status',
      'usage',
      'configuration',
      'cannot be reached',
      'refused',
    ]) {
      expect(stdout).to.contain(word);
    }
  });
});

describe('a worker refuses to start', function () {
  this.timeout(60_000);
  let world: World;

  before(async () => {
    world = await openWorld('start');
  });
  after(() => world?.close());

  const refusals: readonly { promise: string; env: NodeJS.ProcessEnv; says: string[] }[] = [
    {
      promise: 'without a key',
      env: { BACKUP_ENCRYPTION_KEY_FILE: '' },
      says: ['BACKUP_ENCRYPTION_KEY is missing', 'openssl rand -base64 48'],
    },
    {
      promise: "with the manual's example key",
      env: { BACKUP_ENCRYPTION_KEY_FILE: '', BACKUP_ENCRYPTION_KEY: 'your-secure-encryption-key' },
      says: ['the key is weak: it has 26 characters', 'openssl rand -base64 48'],
    },
    {
      promise: 'with several mistakes, all named at once',
      env: {
        BACKUP_COMPRESSION: 'gzip:11',
        WORKER_CONCURRENCY: '0',
        SCHEDULE_FULL: 'daily',
        SOURCE_DATABASE_URL: '',
      },
      says: ['4 mistake', 'BACKUP_COMPRESSION', 'WORKER_CONCURRENCY', 'SCHEDULE_FULL', 'SOURCE_DATABASE_URL'],
    },
  ];
  for (const { promise, env, says } of refusals) {
    it(`${promise}, with exit code 3`, async () => {
      const worker = await world.startWorker(env);
      expect(await worker.ended()).to.equal(3);
      for (const text of says) expect(worker.log()).to.contain(text);
      expect(worker.log()).to.not.contain('your-secure-encryption-key');
    });
  }

  it('without a history database, with exit code 4', async () => {
    const worker = await world.startWorker({ HISTORY_DATABASE_URL: 'postgres://x:y@127.0.0.1:1/h' });
    expect(await worker.ended()).to.equal(4);
    expect(worker.log()).to.contain('HISTORY_DATABASE_URL');
  });
});
