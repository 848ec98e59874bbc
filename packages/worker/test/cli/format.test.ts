import { randomUUID } from 'node:crypto';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { expect } from 'chai';
import { bytes, duration, seconds, time } from '../../src/cli/format.js';
import { formatBackup } from '../../src/cli/format-backup.js';

describe('a number of bytes for people', () => {
  const cases: [number | null, string][] = [
    [null, ''],
    [0, '0 B'],
    [1, '1 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [1_049, '1.0 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [999_999, '1.0 MB'],
    [1_000_000, '1.0 MB'],
    [5_368_709_120, '5.4 GB'],
    [1e12, '1.0 TB'],
    [5e15, '5000.0 TB'],
  ];
  for (const [value, shown] of cases) {
    it(`shows ${value} as "${shown}"`, () => {
      expect(bytes(value)).to.equal(shown);
    });
  }
});

describe('a length of time for people', () => {
  const cases: [number, string][] = [
    [0, '0.0 s'],
    [0.04, '0.0 s'],
    [4.2, '4.2 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [59.6, '1 min'],
    [60, '1 min'],
    [89, '1 min'],
    [90, '2 min'],
    [3_569, '59 min'],
    [3_571, '1 h 00 min'],
    [3_720, '1 h 02 min'],
    [90_000, '25 h 00 min'],
  ];
  for (const [value, shown] of cases) {
    it(`shows ${value} s as "${shown}"`, () => {
      expect(seconds(value)).to.equal(shown);
    });
  }

  it('is the difference of two times, and nothing where one is unknown', () => {
    const [from, to] = [new Date('2024-01-01T02:00:00Z'), new Date('2024-01-01T02:00:04.250Z')];
    expect(duration(from, to)).to.equal('4.3 s');
    expect(duration(null, to) + duration(from, null) + duration(null, null)).to.equal('');
  });
});

describe('a time for people', () => {
  it('is UTC to the second', () => {
    expect(time(new Date('2024-01-01T02:00:00.999+05:00'))).to.equal('2023-12-31 21:00:00');
    expect(time(null)).to.equal('');
  });
});

describe('a backup for people', () => {
  const queued: Backup = {
    id: randomUUID(),
    source: 'main',
    type: 'full',
    requestedType: 'full',
    promotedReason: null,
    status: 'queued',
    baseId: null,
    requestedVia: 'cli',
    requestedBy: null,
    attempts: 0,
    createdAt: new Date('2024-01-01T02:00:00Z'),
    startedAt: null,
    endedAt: null,
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

  it('says that and why it is held, and when and why retention removed it', () => {
    expect(lines({ legalHold: true, legalHoldReason: 'case 12' })).to.include('legal hold   case 12');
    const disposed = {
      status: 'missing',
      disposedAt: new Date('2024-04-01T05:00:00Z'),
      disposedReason: 'older than 90 days',
    } as const;
    expect(lines(disposed)).to.include('disposed     2024-04-01 05:00:00 UTC: older than 90 days');
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
