import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ReportDetail, reportDetail } from '@safekeep/shared/contracts/report';
import { expect } from 'chai';
import { openWorld, type World } from './world.js';

describe('backup.sh report', () => {
  let world: World;
  let folder: string;
  before(async () => {
    world = await openWorld('report');
    folder = join(world.backupDirectory, 'reports');
    await world.sql('source', 'CREATE TABLE patients AS SELECT generate_series(1, 10) AS id');
    await world.startWorker();
    expect((await world.cli(['full'])).code).to.equal(0);
  });
  after(() => world.close());
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function reportAsJson(): Promise<ReportDetail> {
    const { code, stdout, stderr } = await world.cli(['report', '--json']);
    expect(code, stderr).to.equal(0);
    return reportDetail.decode(JSON.parse(stdout));
  }
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

  it('prints a summary and where the files are, and exits with 0 whatever it found', async () => {
    const { code, stdout, stderr } = await world.cli(['report']);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/^1 of 1 source protected; newest backup 0 min old; no restore proven yet; /);
    expect(stdout).to.contain('main: 1 completed, 0 failed; kept 1');
    const names = readdirSync(folder);
    expect(names).to.have.length(2);
    for (const name of names) {
      expect(name).to.match(/^report_\d{8}_\d{6}\.(html|json)$/);
      expect(stdout).to.contain(join(folder, name));
    }
  });

  it('writes both files whole, with nothing secret, and their hashes stand in history and in the audit trail', async () => {
    const { id, files, body } = await reportAsJson();
    const json = readFileSync(join(folder, files?.json.name ?? ''), 'utf8');
    const html = readFileSync(join(folder, files?.html.name ?? ''), 'utf8');
    expect(sha256(json)).to.equal(files?.json.sha256);
    expect(sha256(html)).to.equal(files?.html.sha256);
    expect(JSON.parse(json)).to.deep.include({ format: 1, id, madeAt: body?.madeAt.toISOString() });
    const [event] = await world.sql<{ result: string; detail: object }>(
      'history',
      `SELECT result, detail FROM audit_events WHERE action = 'report.completed' AND target = '${id}'`,
    );
    expect(event).to.deep.include({ result: 'ok' });
    expect(event?.detail).to.deep.include({ json: sha256(json), html: sha256(html) });
    for (const secret of [world.key, 'postgres://', 'redis://']) {
      expect(json).to.not.contain(secret);
      expect(html).to.not.contain(secret);
    }
    expect(html)
      .to.match(/^<!DOCTYPE html>/)
      .and.contain('1 of 1')
      .and.contain('</html>');
  });

  it('never overwrites: names that exist are passed over', async () => {
    mkdirSync(folder);
    const now = Date.now();
    const taken = Array.from({ length: 30 }, (_, second) => {
      const digits = new Date(now + second * 1000).toISOString().replace(/\D/g, '');
      return `report_${digits.slice(0, 8)}_${digits.slice(8, 14)}.html`;
    });
    for (const name of taken) writeFileSync(join(folder, name), 'somebody else’s', { flag: 'w' });
    const later = await reportAsJson();
    expect(taken).to.not.include(later.files?.html.name);
    for (const name of taken) expect(readFileSync(join(folder, name), 'utf8')).to.equal('somebody else’s');
  });

  const wrong: [string, () => void, RegExp][] = [
    ['a symbolic link', () => symlinkSync('/tmp', folder), /symbolic link/],
    ['a file', () => writeFileSync(folder, ''), /not a directory/],
  ];
  for (const [what, does, says] of wrong) {
    it(`fails with a clear reason where the folder of reports is ${what}`, async () => {
      does();
      const { code, stdout } = await world.cli(['report', '--json']);
      const detail = JSON.parse(stdout) as ReportDetail;
      expect(detail).to.include({ status: 'failed', errorCode: 'BACKUP_DIR_UNUSABLE', body: null });
      expect(detail.reason).to.match(says);
      expect(code).to.equal(3);
      const [event] = await world.sql<{ action: string }>(
        'history',
        `SELECT action FROM audit_events WHERE target = '${detail.id}' AND result = 'failed'`,
      );
      expect(event?.action).to.equal('report.failed');
    });
  }

  it('a report whose worker was killed is made by the next one, and no hidden file of the dead run stays', async () => {
    await world.killWorkers();
    const asked = JSON.parse((await world.cli(['report', '--no-wait', '--json'])).stdout) as { id: string };
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, '.report_20260101_060000.html.partial'), 'half a');
    await world.sql(
      'history',
      `INSERT INTO runs (id, queue, subject_id, state, worker, lease_until, file_name) VALUES
         (gen_random_uuid(), 'report', '${asked.id}', 'running', 'dead', now() - interval '1 second', 'report_20260101_060000');
       UPDATE reports SET status = 'running' WHERE id = '${asked.id}'`,
    );
    await world.startWorker();
    for (;;) {
      const [row] = await world.sql<{ status: string }>(
        'history',
        `SELECT status FROM reports WHERE id = '${asked.id}'`,
      );
      if (row?.status === 'completed') break;
      expect(row?.status).to.be.oneOf(['queued', 'running']);
    }
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).to.deep.equal([]);
  });

  it('refuses a source that is unknown', async () => {
    const { code, stderr } = await world.cli(['report', '--source', 'nowhere']);
    expect(code).to.equal(2);
    expect(stderr).to.contain('There is no source named "nowhere"');
  });
});
