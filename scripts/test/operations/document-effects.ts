import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { psql } from '../../demo/psql.js';
import { backupsOf, documentsIn, type Effect, expectCopy, prints, tablesOf, takes } from './effect.js';

const LOCKS = `FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'patients'::regclass`;
const NOTHING_WAITS = `NOT EXISTS (SELECT FROM recovery_tests WHERE status IN ('queued', 'running'))`;

/** What the blocks of the operations document do that are not the manual's, by heading and number. */
export const DOCUMENT_EFFECTS: Readonly<Record<string, Effect>> = {
  'When something is wrong 1': prints(
    /^PROBLEM backups of broken: /m,
    /^workers +1$/m,
    /SOURCE_LOGIN_FAILED/,
  ),
  'When something is wrong 2': prints('"attempt ended"', '"code":"SOURCE_LOGIN_FAILED"'),
  // A worker that lives leaves no passfile behind.
  'A worker died 1': {
    after: (_site, { stdout }) => {
      expect(stdout.trim()).to.equal('');
    },
  },
  'The disk is full 1': {
    after: (site, { stdout }) => {
      for (const name of site.files(/^full_/)) expect(stdout).to.include(name);
    },
  },
  'The disk is full 2': {
    after: async (site, { stdout }) => {
      const runs = await site.history('SELECT dry_run, status FROM cleanup_runs ORDER BY created_at');
      expect(runs).to.deep.equal([
        { dry_run: true, status: 'completed' },
        { dry_run: false, status: 'completed' },
      ]);
      for (const { file_name } of await backupsOf(site)) expect(stdout).to.include(file_name);
    },
  },
  'A recovery test failed 1': prints(/\(0 rows\)/),
  'Check the installation 1': prints(/^ok +source main: PostgreSQL \d+/m, /^ok +history: reachable/m),
  'Emergency backup 1': {
    after: async (site, { stdout }) => {
      const id = /emergency backup ([0-9a-f-]{36}) of source main/.exec(stdout)?.[1];
      await site.until(`SELECT status = 'completed' FROM backups WHERE id = '${id}'`);
    },
  },
  'Emergency backup 2': {
    after: (site) => {
      expect(site.files(/^emergency_backup_\d{8}_\d{6}\.pgdump$/)).to.have.length(1);
    },
  },
  'Rebuild history from the files 1': {
    before: async (site) => {
      const [forgotten] = await backupsOf(site);
      await psql(
        site.database('history'),
        `DELETE FROM verifications WHERE backup_id = '${forgotten?.id}';
         DELETE FROM recovery_tests WHERE backup_id = '${forgotten?.id}';
         DELETE FROM backups WHERE id = '${forgotten?.id}';`,
      );
      return forgotten?.id;
    },
    after: async (site, { stdout }, forgotten: string) => {
      expect(stdout).to.match(/^source main: [01] taken into history, \d+ known already/m);
      await site.until(`SELECT status = 'passed' FROM verifications WHERE backup_id = '${forgotten}'`);
    },
  },
  'Verify 1': prints(/passed +sound/),
  'Recovery test 1': {
    after: async (site) => {
      await site.until(NOTHING_WAITS);
      const tests = await site.history<{ status: string }>('SELECT status FROM recovery_tests');
      expect(tests.map(({ status }) => status)).to.deep.equal(['passed', 'passed', 'passed']);
    },
  },
  'Take a full backup 1': takes(4, async (site, { stdout }) => {
    const lab = await site.history(`SELECT FROM backups WHERE source = 'lab' AND status = 'completed'`);
    expect(lab).to.have.length(2);
    expect(documentsIn(stdout).at(-1)).to.include({ type: 'full', status: 'completed' });
  }),
  'Take a full backup 2': takes(1),
  'Take a full backup 4': takes(1, async (site) => {
    expect((await backupsOf(site))[0]).to.include({ type: 'incremental' });
  }),
  'Schedules 1': {
    after: async (site, { stdout }) => {
      const [before, changed, back, paused] = documentsIn(stdout) as [
        unknown[],
        ...Record<string, unknown>[],
      ];
      // Three sources with four schedules each, and two for all of them.
      expect(before).to.have.length(14);
      expect(changed).to.include({ name: 'full', overridden: true, cron: '30 1 * * *' });
      expect(back).to.include({ name: 'full', overridden: false, cron: '0 2 * * *' });
      expect(paused).to.include({ name: 'verify', paused: true, nextRun: null });
      const events = await site.history(
        `SELECT FROM audit_events WHERE action = 'schedule.changed' AND result = 'ok'`,
      );
      expect(events.length).to.be.at.least(3);
    },
  },
  'List, show, status 1': prints('no backups yet', /^sha256 +[0-9a-f]{64}$/m, /^workers +1$/m),
  'Cancel 1': {
    // A table that is locked keeps the backup running for as long as it takes.
    before: async (site) => {
      const source = site.database('healthy_stellar');
      psql(source, 'BEGIN; LOCK TABLE patients; SELECT pg_sleep(60)').catch(() => {});
      while ((await psql(source, `SELECT count(*) ${LOCKS}`)) === '0') await delay(50);
      expect((await site.run('/backup.sh full --no-wait')).code).to.equal(0);
      await site.until(`EXISTS (SELECT FROM backups WHERE status = 'running')`);
    },
    after: async (site, { code, stderr, stdout }) => {
      await psql(site.database('healthy_stellar'), `SELECT pg_terminate_backend(pid) ${LOCKS}`);
      expect(code, stderr).to.equal(0);
      expect(stdout).to.match(/^status +cancelled$/m);
    },
  },
  'Retention 1': prints(/keep/),
  'Retention 3': {
    after: async (site) => {
      const [newest] = await backupsOf(site);
      const held = await site.history<{ action: string }>(
        `SELECT detail->>'hold' AS hold FROM audit_events WHERE action = 'hold.set' AND target = '${newest?.id}' ORDER BY seq`,
      );
      expect(held).to.deep.equal([{ hold: 'true' }, { hold: 'false' }]);
    },
  },
  'Restore a backup 1': {
    after: async (site, { code, stderr }) => {
      expect(code, stderr).to.equal(0);
      await expectCopy(site, 'clinic_restored');
      expect(await psql(site.database('lab_restored'), 'SELECT count(*) FROM results')).to.equal('100');
      expect(await tablesOf(site, 'some_tables')).to.equal('appointments patients');
      for (const name of ['clinic_restored', 'lab_restored', 'some_tables']) {
        await psql(site.database('postgres'), `DROP DATABASE ${name}`);
      }
    },
  },
  'Is everything in order? 1': prints('"complianceStatus":'),
  'Is everything in order? 2': prints(/"status": "(compliant|at_risk|non_compliant)"/),
  'Make and read them 1': {
    after: async (site, { stdout }) => {
      const reports = await site.history(`SELECT FROM reports WHERE status = 'completed'`);
      expect(reports).to.have.length(3);
      expect(stdout.match(/report_\d{8}_\d{6}\.json/g)).to.have.length.at.least(3);
    },
  },
  'Make and read them 2': {
    after: (_site, { stdout }) => {
      const hashes = stdout.match(/^[0-9a-f]{64} /gm)?.map((hash) => hash.trim()) ?? [];
      expect(hashes).to.have.length(2);
      const recorded = stdout.slice(stdout.indexOf('{'));
      for (const hash of hashes) expect(recorded).to.include(hash);
    },
  },
  'Alerts 1': {
    before: (site) =>
      site.until(`EXISTS (SELECT FROM alerts WHERE rule = 'backup-failed' AND resolved_at IS NULL)`),
    after: async (site, { stdout, code }) => {
      expect(stdout).to.match(/backup-failed/);
      // No channel is configured here, and the command says so.
      expect(code).to.equal(3);
      expect(await site.history(`SELECT FROM alerts WHERE acknowledged_at IS NOT NULL`)).to.have.length(1);
    },
  },
  'Users and the audit trail 1': {
    after: async (site) => {
      const users = await site.history(
        `SELECT username, role, token_version FROM users WHERE username = 'anna'`,
      );
      expect(users).to.deep.equal([{ username: 'anna', role: 'viewer', token_version: 1 }]);
    },
  },
  'Users and the audit trail 2': prints(/admin +\S* *login/),
  'Users and the audit trail 3': {
    after: (_site, { code }) => {
      expect(code).to.equal(5);
    },
  },
};
