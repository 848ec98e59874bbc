import { randomUUID } from 'node:crypto';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { expect } from 'chai';
import { formatBackup } from '../../src/cli/format-backup.js';

describe('a backup for people', () => {
  const queued: Backup = {
    id: randomUUID(),
    source: 'main',
    type: 'full',
    requestedType: 'full',
    promotedReason: null,
    status: 'queued',
    baseId: null,
    baseStatus: null,
    requestedVia: 'cli',
    requestedBy: null,
    attempts: 0,
    createdAt: new Date('2024-01-01T02:00:00Z'),
    startedAt: null,
    endedAt: null,
    cancelRequestedAt: null,
    fileName: null,
    sizeBytes: null,
    archiveBytes: null,
    checksum: null,
    keyId: null,
    compression: null,
    postgresVersion: null,
    pgDumpVersion: null,
    tableCount: null,
    rowCount: null,
    largeObjectCount: null,
    changedTables: null,
    changedRows: null,
    sequence: null,
    error: null,
    progress: null,
    legalHold: false,
    legalHoldReason: null,
    disposedAt: null,
    disposedReason: null,
  };
  const lines = (more: Partial<Backup>) => formatBackup({ ...queued, ...more }).split('\n');

  it('shows what is known, a fact a line, and nothing of what is not', () => {
    expect(lines({})).to.deep.equal([
      'status       queued',
      `id           ${queued.id}`,
      'source       main',
      'type         full',
      'requested    2024-01-01 02:00:00 UTC by cli',
      'attempts     0',
    ]);
  });

  it('shows a finished one with its file, size, checksum and contents', () => {
    const shown = lines({
      status: 'completed',
      startedAt: new Date('2024-01-01T02:00:01Z'),
      endedAt: new Date('2024-01-01T02:02:01Z'),
      fileName: 'full_backup_20240101_020001.pgdump.enc.gz',
      sizeBytes: 1_234_567,
      checksum: 'abc',
      keyId: 'k',
      compression: 'gzip:9',
      postgresVersion: '15.18',
      pgDumpVersion: '16.1',
      tableCount: 12,
      rowCount: 0,
      largeObjectCount: 3,
      sequence: 7,
    });
    for (const line of [
      'took         2 min',
      'file         full_backup_20240101_020001.pgdump.enc.gz',
      'size         1.2 MB (1234567 bytes)',
      'sha256       abc',
      'contents     12 tables, 0 rows, 3 large objects',
      'PostgreSQL   15.18, pg_dump 16.1',
      'sequence     7',
    ])
      expect(shown).to.include(line);
  });

  it('leads with what went wrong and what to do', () => {
    const error = { code: 'DISK_FULL', message: 'The disk is full.', hint: 'Make room.' };
    expect(lines({ status: 'failed', error }).slice(0, 3)).to.deep.equal([
      'status       failed',
      'error        DISK_FULL: The disk is full.',
      'what to do   Make room.',
    ]);
  });

  it('names the base of an incremental, and says when it is not there', () => {
    const baseId = randomUUID();
    const type = 'incremental';
    expect(lines({ type, baseId, baseStatus: 'completed' })).to.include(`base         ${baseId}`);
    expect(lines({ type, baseId, baseStatus: 'missing' })).to.include(
      `base         ${baseId} (missing: while its file is not there, this backup restores nothing)`,
    );
  });

  it('says that and why it is held, and when and why retention removed it', () => {
    expect(lines({ legalHold: true, legalHoldReason: 'case 12' })).to.include('legal hold   case 12');
    const disposed = {
      status: 'missing',
      disposedAt: new Date('2024-04-01T05:00:00Z'),
      disposedReason: 'older than 90 days',
    } as const;
    expect(lines(disposed)).to.include('disposed     2024-04-01 05:00:00 UTC: older than 90 days');
  });

  it('tells of an incremental what is in its own file, and what its base must bring', () => {
    const counts = {
      type: 'incremental',
      tableCount: 3,
      rowCount: 500,
      changedTables: 1,
      changedRows: 17,
    } as const;
    expect(lines(counts)).to.include(
      'contents     3 tables, 500 rows; of these 17 new or changed rows of 1 table in this file, the rest in the base',
    );
    expect(lines({ ...counts, changedTables: 0, changedRows: 0 })).to.include(
      'contents     3 tables, 500 rows; nothing changed since the base',
    );
  });

  it('leaves out large objects where there are none, and shows a promotion and the progress', () => {
    const progress = {
      phase: 'data',
      percent: 41.5,
      doneBytes: 1,
      totalBytes: 2,
      writtenBytes: 1,
      bytesPerSecond: 1,
      secondsLeft: null,
      table: null,
    } as const;
    const shown = lines({
      tableCount: 1,
      rowCount: 2,
      largeObjectCount: 0,
      progress,
      promotedReason: 'no base',
    });
    expect(shown).to.include('contents     1 tables, 2 rows');
    expect(shown).to.include('progress     41.5 % (data)');
    expect(shown).to.include('type         full (no base)');
  });
});
