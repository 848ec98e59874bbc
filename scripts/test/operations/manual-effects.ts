import { expect } from 'chai';
import { psql } from '../../demo/psql.js';
import {
  backupsOf,
  COMPLETED,
  countBackups,
  documentsIn,
  type Effect,
  everyFileIs,
  expectCopy,
  prints,
  takes,
} from './effect.js';
import type { Site } from './site.js';

const countReports = async (site: Site) =>
  (await site.history(`SELECT FROM reports WHERE status = 'completed'`)).length;

const SEVEN_FIELDS = [
  'lastBackupTime',
  'lastSuccessfulBackup',
  'backupSuccessRate',
  'averageBackupDuration',
  'totalBackupSize',
  'complianceStatus',
  'alerts',
];

/** What the manual's procedures do, by heading and number of the block. */
export const MANUAL_EFFECTS: Readonly<Record<string, Effect>> = {
  'Watch the automated backups 1': {
    after: async (site, { stdout }) => {
      // The end of the list: later names come last, and each backup has several files.
      expect(stdout).to.include(site.files(/^full_.*\.gz$/).at(-1) ?? 'a full backup');
      const health = JSON.parse(stdout.slice(stdout.indexOf('{')));
      expect(Object.keys(health)).to.deep.equal(SEVEN_FIELDS);
    },
  },
  'Create a full backup 1': takes(1, async (site, { stdout }) => {
    const [newest] = await backupsOf(site);
    expect(stdout).to.include(newest?.file_name).and.to.include(`"checksum":"${newest?.checksum}"`);
  }),
  'Create a full backup 2': takes(1, async (site, { stdout }) => {
    const [queued, list] = documentsIn(stdout) as [{ id: string; status: string }, { id: string }[]];
    expect(queued.status).to.equal('queued');
    expect(list[0]?.id).to.equal(queued.id);
    expect((await backupsOf(site))[0]?.id).to.equal(queued.id);
  }),
  'Create an incremental backup 1': takes(2, async (site) => {
    const [first, second] = await backupsOf(site);
    expect(first?.type).to.equal('incremental');
    expect(second?.type).to.equal('incremental');
    expect(first?.base_id).to.be.a('string').and.to.equal(second?.base_id);
  }),
  'Back up before maintenance 1': takes(1, async (site, { stdout }) => {
    const [newest] = await backupsOf(site);
    expect(stdout).to.include(`Backup created successfully: ${site.backups}/${newest?.file_name}`);
    expect(stdout).to.match(/Ready for maintenance\n*$/);
    const passed = await site.history(
      `SELECT FROM verifications WHERE backup_id = '${newest?.id}' AND status = 'passed'`,
    );
    expect(passed).to.have.length(1);
  }),
  'Verify backups 1': {
    after: async (site, { stdout }) => {
      const all = await countBackups(site);
      const status = JSON.parse(stdout.slice(stdout.indexOf('{"counts"')));
      expect(status.counts).to.deep.include({ passed: all, failed: 0, never: 0 });
    },
  },
  'Verify backups 2': prints('✓ Checksum verification passed'),
  'Verify backups 3': prints('✓ Compression integrity verified'),
  'Verify backups 4': { after: (site, answer) => everyFileIs(site, answer, /: gzip compressed data/) },
  'Verify backups 5': {
    after: async (site, { stdout }) => {
      const [asked] = documentsIn(stdout) as [{ id: string }];
      await site.until(`SELECT status = 'passed' FROM verifications WHERE id = '${asked.id}'`);
      expect(await site.history(`SELECT note FROM verifications WHERE id = '${asked.id}'`)).to.deep.equal([
        { note: 'admin-user-id' },
      ]);
    },
  },
  'Test that backups restore 1': {
    after: async (site, { stdout }) => {
      const tests = documentsIn(stdout).at(-1) as { rtoSeconds: number }[];
      expect(tests[0]).to.deep.include({ status: 'passed', findings: [] });
      expect(tests[0]?.rtoSeconds).to.be.greaterThan(0);
      const scratch = await psql(
        site.database('postgres'),
        `SELECT count(*) FROM pg_database WHERE datname ~ 'scratch'`,
      );
      expect(scratch).to.equal('0');
    },
  },
  'Test that backups restore 2': {
    after: async (site, { stdout }) => {
      const [asked, list] = documentsIn(stdout) as [{ id: string }, { id: string }[]];
      expect(list[0]?.id).to.equal(asked.id);
      await site.until(`SELECT status = 'passed' FROM recovery_tests WHERE id = '${asked.id}'`);
    },
  },
  'Test that backups restore 3': {
    after: async (site) => {
      const made = await psql(site.database('test_recovery_db'), 'SELECT current_database()');
      expect(made).to.equal('test_recovery_db');
    },
  },
  'Test that backups restore 4': {
    after: (site, { stdout }) => {
      for (const name of site.files(/_backup_.*\.pgdump\.enc\.gz$/)) expect(stdout).to.include(name);
    },
  },
  'Test that backups restore 5': {
    after: async (_site, { code, stderr }) => {
      expect(code, stderr).to.equal(0);
    },
  },
  'Test that backups restore 6': prints(/count \n-+\n +3\n/),
  'Test that backups restore 7': { after: (site) => expectCopy(site, 'test_recovery_db') },
  'Test that backups restore 8': prints(/ +20 \| +5000 \| +9000/, /patients +\| +\d+ kB/),
  'Test that backups restore 9': {
    after: async (site) => {
      const left = await psql(
        site.database('postgres'),
        `SELECT count(*) FROM pg_database WHERE datname = 'test_recovery_db'`,
      );
      expect(left).to.equal('0');
    },
  },
  'Watch health, alerts and figures 1': {
    after: async (site, { stdout }) => {
      const health = JSON.parse(stdout.slice(stdout.indexOf('{')));
      expect(Object.keys(health)).to.deep.equal(SEVEN_FIELDS);
      // One backup has failed, that of the source that is out of order.
      expect(health.backupSuccessRate).to.be.within(80, 99.9);
      const [sum] = await site.history<{ bytes: number }>(`SELECT sum(size_bytes) AS bytes ${COMPLETED}`);
      expect(health.totalBackupSize).to.equal(sum?.bytes);
      expect(health.lastSuccessfulBackup).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    },
  },
  'Watch health, alerts and figures 3': {
    after: (_site, { stdout }) => {
      const [alerts] = documentsIn(stdout) as [unknown[]];
      expect(alerts).to.be.an('array');
    },
  },
  'Watch health, alerts and figures 4': {
    before: countReports,
    after: async (site, { stdout }, reports: number) => {
      const [statistics] = documentsIn(stdout) as [Record<string, unknown>];
      expect(statistics).to.include({ days: 30 });
      expect(await countReports(site)).to.equal(reports + 1);
      expect(stdout).to.match(/report_\d{8}_\d{6}\.html/);
      expect(stdout).to.include('"service":"worker"');
    },
  },
  'Troubleshooting 2': prints(/^BACKUP_ENCRYPTION_KEY=/m),
  'Troubleshooting 3': {
    after: async (site) => {
      expect(site.weaknessOf('secrets/backup_encryption_key.txt')).to.equal(null);
    },
  },
  'Troubleshooting 4': {
    after: (site, { stdout, stderr }) => {
      expect(stderr).to.equal('');
      for (const name of site.files(/^full_.*\.gz$/)) expect(stdout).to.include(name);
    },
  },
  'Troubleshooting 5': takes(1, (_site, { stdout }) => {
    expect(stdout).to.include('accepting connections');
  }),
  'Troubleshooting 6': {
    after: async (site, { stdout }) => {
      for (const { file_name, checksum } of await backupsOf(site)) {
        if (file_name.startsWith('full_'))
          expect(stdout).to.include(`${checksum}  ${site.backups}/${file_name}`);
      }
    },
  },
  'Troubleshooting 7': {
    after: async (site, { stdout }) => {
      const file = site.files(/^emergency_.*\.gz$/).at(-1);
      expect(stdout).to.include(`${site.backups}/${file}`);
      await site.until(`SELECT count(*) = 1 ${COMPLETED} AND type = 'emergency' AND file_name = '${file}'`);
    },
  },
  'Troubleshooting 8': {
    after: async (site) => {
      expect(site.files(/^emergency_backup_\d{8}_\d{6}\.pgdump$/)).to.have.length(2);
    },
  },
};
