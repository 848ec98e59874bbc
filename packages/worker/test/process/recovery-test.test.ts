import type { Backup } from '@safekeep/shared/contracts/backup';
import type { RecoveryTest } from '@safekeep/shared/contracts/recovery-test';
import { expect } from 'chai';
import { openWorld, slowTable, type World } from './world.js';

describe('backup.sh verify', function () {
  this.timeout(90_000);
  let world: World;
  let backup: Backup;

  before(async () => {
    world = await openWorld('recovery');
    await world.sql('source', 'CREATE TABLE patients AS SELECT g AS id FROM generate_series(1, 500) g');
    await world.sql('source', slowTable(30_000));
    await world.startWorker();
  });
  after(() => world?.close());

  async function scratchDatabases(): Promise<number> {
    const rows = await world.sql(
      'postgres',
      `SELECT FROM pg_database WHERE datname LIKE 'safekeep\\_scratch\\_%'`,
    );
    return rows.length;
  }

  async function audited(action: string): Promise<number> {
    return (await world.sql('history', `SELECT FROM audit_events WHERE action = '${action}'`)).length;
  }

  it('says what to do when there is no backup, and refuses unknown ids and sources', async () => {
    const none = await world.cli(['verify']);
    expect(none.code).to.equal(2);
    expect(none.stderr).to.contain('backup.sh full');
    expect((await world.cli(['verify', '1b4e28ba-2fa1-41d2-883f-0016d3cca427'])).code).to.equal(2);
    expect((await world.cli(['verify', 'latest'])).stderr).to.contain('UUID');
    expect((await world.cli(['verify', '--source', 'lab'])).code).to.equal(2);
  });

  it('takes the newest backup with a warning, shows what was compared, and exits with 0', async () => {
    backup = JSON.parse((await world.cli(['full', '--json'])).stdout) as Backup;
    const { code, stdout, stderr } = await world.cli(['verify']);
    expect(code, stderr).to.equal(0);
    expect(stderr).to.contain('no backup of main has passed a verification');
    expect(stdout)
      .to.contain('PASSED')
      .and.to.match(/tables: contents +2 +equal/);
    expect(stdout)
      .to.match(/public\.patients +500/)
      .and.to.match(/to recover \(RTO\) .* met/);
    expect(await audited('recovery-test.passed')).to.equal(1);
    expect(await scratchDatabases()).to.equal(0);
  });

  it('takes the newest verified backup before a newer one', async () => {
    await world.cli(['test', backup.id]);
    await world.cli(['full', '--json']);
    const { stdout, stderr } = await world.cli(['verify', '--json', '--no-wait']);
    expect(stderr).to.equal('');
    expect((JSON.parse(stdout) as RecoveryTest).backupId).to.equal(backup.id);
  });
});
