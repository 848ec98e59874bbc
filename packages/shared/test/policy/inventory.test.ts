import { expect } from 'chai';
import {
  explainFinding,
  type KnownBackup,
  type KnownFiles,
  type StorageFinding,
  takeInventory,
} from '../../src/policy/inventory.js';
import type { DirectoryEntry } from '../../src/storage/contract.js';

const NOW = new Date('2024-06-01T05:00:00Z');
const STEM = 'full_backup_20240101_020000';
const DATA = `${STEM}.pgdump.enc.gz`;
const OTHER = 'full_backup_20240102_020000.pgdump.enc.gz';

const file = (name: string, more: Partial<DirectoryEntry> = {}): DirectoryEntry => ({
  name,
  kind: 'file',
  sizeBytes: 10,
  modifiedAt: new Date('2024-05-01T00:00:00Z'),
  ...more,
});
const whole = (data: string) =>
  [data, `${data}.meta`, data.replace('.pgdump.enc.gz', '.globals.sql.enc')].map((name) => file(name));
const backup = (fileName: string, status: KnownBackup['status'] = 'completed'): KnownBackup => ({
  id: `id of ${fileName}`,
  fileName,
  status,
});
const knows = (...backups: KnownBackup[]): KnownFiles => ({ backups, runFiles: [] });
const short = ({ kind, name }: StorageFinding) => `${kind} ${name}`;

describe('an inventory', () => {
  it('finds nothing where directory and history agree, and counts the bytes of the backups', () => {
    const found = takeInventory(
      [...whole(DATA), file('lab', { kind: 'directory' })],
      knows(backup(DATA)),
      NOW,
    );
    expect(found).to.deep.include({
      findings: [],
      gone: [],
      back: [],
      backupBytes: 30,
      looksUnmounted: false,
    });
  });

  const strangers: readonly [string, DirectoryEntry, string | null][] = [
    ['a backup file that no row names', file(OTHER), 'unknown-file'],
    ['a sidecar that no row names', file(`${OTHER}.meta`), 'unknown-file'],
    ['a file of anybody', file('notes.txt'), 'unknown-file'],
    ['an emergency dump made by hand', file('emergency_backup_20240101_020000.pgdump'), 'unknown-file'],
    ['a companion of an ending of its own', file(`${STEM}.notes`), 'unknown-file'],
    ['a link under a name of ours', file(OTHER, { kind: 'link' }), 'strange-file'],
    [
      'a directory in place of a known file',
      file(`${STEM}.manifest.enc`, { kind: 'directory' }),
      'strange-file',
    ],
    ['a device under a hidden name of ours', file(`.${OTHER}.partial`, { kind: 'special' }), 'strange-file'],
    ['an unfinished file', file(`.${OTHER}.partial`), 'stray-partial'],
    ['an unfinished file that is being written', file(`.${OTHER}.partial`, { modifiedAt: NOW }), null],
    ['a probe that a killed worker left', file('.safekeep-probe-0123456789ab'), 'stray-partial'],
    ['a probe of this moment', file('.safekeep-probe-0123456789ab', { modifiedAt: NOW }), null],
    ['a directory of another name', file('reports', { kind: 'directory' }), null],
    ['a link of another name', file('latest', { kind: 'link' }), null],
    ['what NFS keeps of an open file', file('.nfs000001'), null],
  ];
  for (const [what, entry, kind] of strangers) {
    it(`${kind === null ? 'says nothing of' : `reports as ${kind}`} ${what}`, () => {
      const { findings } = takeInventory([...whole(DATA), entry], knows(backup(DATA)), NOW);
      expect(findings.map(short)).to.deep.equal(kind === null ? [] : [`${kind} ${entry.name}`]);
    });
  }

  it('knows what a run writes now, and what a dead one has published', () => {
    const entries = [file(`.${OTHER}.partial`), file(`.${OTHER}.meta.partial`), file(OTHER)];
    const known = { backups: [], runFiles: [OTHER] };
    expect(takeInventory(entries, known, NOW).findings).to.deep.equal([]);
  });

  it('reports a file that is gone, and a sidecar that is gone, each once', () => {
    const [, sidecar, companion] = whole(DATA) as [DirectoryEntry, DirectoryEntry, DirectoryEntry];
    const removed = takeInventory([sidecar, companion], knows(backup(DATA)), NOW);
    expect(removed.findings.map(short)).to.deep.equal([`missing-file ${DATA}`]);
    expect(removed.gone.map(({ fileName }) => fileName)).to.deep.equal([DATA]);
    const bare = takeInventory([file(DATA)], knows(backup(DATA)), NOW);
    expect(bare.findings.map(short)).to.deep.equal([`missing-file ${DATA}.meta`]);
    expect(bare.gone).to.deep.equal([]);
  });

  it('goes on reporting a missing file, and tells when it is there again', () => {
    const missing = knows(backup(DATA, 'missing'), backup(OTHER));
    const [data, ...rest] = whole(DATA) as [DirectoryEntry, ...DirectoryEntry[]];
    const gone = takeInventory([...rest, ...whole(OTHER)], missing, NOW);
    expect(gone.findings.map(short)).to.deep.equal([`missing-file ${DATA}`]);
    expect(gone.gone).to.deep.equal([]);
    const back = takeInventory([data, ...rest, ...whole(OTHER)], missing, NOW);
    expect(back.findings).to.deep.equal([]);
    expect(back.back.map(({ fileName }) => fileName)).to.deep.equal([DATA]);
  });

  it('says nothing of files that retention is removing, whether they are there or not', () => {
    for (const entries of [whole(DATA), []])
      expect(takeInventory(entries, knows(backup(DATA, 'removing')), NOW)).to.deep.include({
        findings: [],
        gone: [],
        looksUnmounted: false,
      });
  });

  it('takes a directory without one file of any backup for a volume that is not mounted', () => {
    const known = knows(backup(DATA), backup(OTHER));
    expect(takeInventory([file('lost+found', { kind: 'directory' })], known, NOW).looksUnmounted).to.equal(
      true,
    );
    expect(takeInventory([file(`${OTHER}.meta`)], known, NOW).looksUnmounted).to.equal(false);
    expect(takeInventory([], knows(), NOW).looksUnmounted).to.equal(false);
  });

  it('says of each finding what it means; of a plain dump that it is not encrypted', () => {
    const plain = explainFinding({ kind: 'unknown-file', name: 'emergency_backup_20240101_020000.pgdump' });
    expect(plain).to.contain('NOT ENCRYPTED');
    expect(explainFinding({ kind: 'unknown-file', name: OTHER })).to.contain('catalog rebuild');
    expect(explainFinding({ kind: 'unknown-file', name: 'notes.txt' })).to.contain('left alone');
    expect(explainFinding({ kind: 'missing-file', name: `${DATA}.meta` })).to.contain('sidecar');
    const stray = (name: string) => explainFinding({ kind: 'stray-partial', name });
    expect(stray(`.${DATA}.partial`)).to.contain('another one removes it within a minute');
    expect(stray('.emergency_backup_20240101_020000.pgdump.enc.gz.partial')).to.contain('remove it');
    expect(stray('.safekeep-probe-0123456789ab')).to.contain('removes it within a minute');
  });
});
