import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyedHash, openFingerprintKey } from '@safekeep/archive/fingerprint-key';
import type { ManifestTable } from '@safekeep/archive/manifest-schema';
import { filesOf } from '@safekeep/shared/storage/backup-names';
import { expect } from 'chai';
import { emptyDatabase, sql } from '../../../shared/test/servers.js';
import { takeFingerprint } from '../../src/fingerprint/take-fingerprint.js';
import { storedBackupOf, type TakenBackup } from '../jobs/stored-backup-of.js';
import { open } from './incremental-world.js';
import { type StoredManifest, storedManifest } from './stored-manifest.js';

const TABLES = `
  CREATE EXTENSION citext; CREATE TYPE state AS ENUM ('open', 'shut'); CREATE DOMAIN number AS bigint;
  CREATE TABLE whole_numbers (id bigint PRIMARY KEY, v text);
  INSERT INTO whole_numbers SELECT g * 3, 'v' || g FROM generate_series(1, 9000) g;
  CREATE TABLE texts (id text PRIMARY KEY, b bytea); INSERT INTO texts SELECT md5(g::text), '\\x00' FROM generate_series(1, 9000) g;
  CREATE TABLE mails (id citext PRIMARY KEY); INSERT INTO mails SELECT 'M"\\' || g FROM generate_series(1, 9000) g;
  CREATE TABLE states (id state PRIMARY KEY); INSERT INTO states VALUES ('shut'), ('open');
  CREATE TABLE numbers ("i""d" number PRIMARY KEY); INSERT INTO numbers SELECT generate_series(1, 9000);
  CREATE TABLE pairs (at timestamptz, id int, PRIMARY KEY (at, id));
  INSERT INTO pairs SELECT timestamptz '2020-01-01' + g * interval '1 h', g FROM generate_series(1, 9000) g;
  CREATE TABLE keyless (v text); INSERT INTO keyless VALUES ('x'), ('x');
  CREATE TABLE empty (id int PRIMARY KEY);
  CREATE TABLE readings (at date, id int, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
  CREATE TABLE readings_1 PARTITION OF readings FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
  INSERT INTO readings SELECT date '2020-01-01' + g, g FROM generate_series(1, 100) g;
  CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent);
  INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2), (3);
  CREATE TABLE late (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, more int); INSERT INTO late VALUES (1);
  SELECT lo_from_bytea(0, decode(repeat('00', 5000), 'hex')); COMMENT ON TABLE empty IS 'nothing';
  ANALYZE;`;

describe('the manifest beside a full backup', function () {
  this.timeout(60_000);
  let source: string;
  let taken: TakenBackup;
  let manifest: StoredManifest;

  before(async () => {
    source = await emptyDatabase();
    await sql(source, TABLES);
    taken = await storedBackupOf(source);
    manifest = await storedManifest(taken);
  });

  const of = (name: string) => manifest.tables.find((table) => table.name === name) as ManifestTable;

  it('is sealed, and its hash stands in the authenticated sidecar', () => {
    const companion = taken.sidecar.companions.find(({ kind }) => kind === 'manifest');
    const name = filesOf(taken.sidecar.fileName).manifest;
    const bytes = readFileSync(join(taken.directory, name));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(companion).to.deep.equal({ kind: 'manifest', fileName: name, size: bytes.length, sha256 });
    expect(bytes.subarray(0, 8).toString()).to.equal('Salted__');
    expect(manifest.head).to.deep.include({ backupId: taken.sidecar.id, durable: true });
    expect(manifest.head.largeObjects).to.deep.equal({ count: 1, remarks: 0, pages: 3, sum: null });
  });

  it('names the tables of the sidecar, and its sums give the hashes there', async () => {
    const key = await openFingerprintKey(
      taken.sidecar.fingerprint?.sealedKey ?? '',
      taken.stored.encryptionKey.reveal(),
    );
    expect(manifest.tables.map(({ schema, name, rows }) => ({ schema, name, rows }))).to.deep.equal(
      taken.sidecar.tables.map(({ schema, name, rows }) => ({ schema, name, rows })),
    );
    const { sum } = of('whole_numbers');
    const hash = keyedHash(key, ['public', 'whole_numbers', ['id', 'v'], 9000, sum], 16);
    expect(taken.sidecar.tables.find(({ name }) => name === 'whole_numbers')?.contentHash).to.equal(hash);
  });

  it('has the tables’ own rows in chunks of about the same size', () => {
    const sizes = Object.fromEntries(
      manifest.tables.map((table) => [table.name, table.key?.chunks.map((chunk) => chunk[1]) ?? null]),
    );
    for (const name of ['whole_numbers', 'texts', 'mails', 'numbers', 'pairs']) {
      expect(sizes[name], name).to.have.length(3);
      expect(Math.min(...(sizes[name] ?? [])), name).to.equal(3000 - 1);
    }
    expect(sizes).to.deep.include({ keyless: null, empty: [], states: [2], readings_1: [100] });
    expect(sizes).to.deep.include({ parent: [1], child: [2], late: [1] });
  });

  it('chunks by what every server puts into the same order', () => {
    const chunkings = Object.fromEntries(
      manifest.tables.map((table) => {
        const { column, asText, type } = table.key?.chunking ?? {};
        return [table.name, [column, asText, type]];
      }),
    );
    expect(chunkings).to.deep.include({
      whole_numbers: ['id', false, 'bigint'],
      texts: ['id', true, 'text'],
      mails: ['id', true, 'text'],
      states: ['id', true, 'text'],
      numbers: ['i"d', false, 'bigint'],
      pairs: ['id', false, 'integer'],
    });
    expect(of('pairs').key?.columns).to.deep.equal([
      { name: 'at', equals: 'OPERATOR(pg_catalog.=)' },
      { name: 'id', equals: 'OPERATOR(pg_catalog.=)' },
    ]);
    expect(of('mails').key?.columns).to.deep.equal([{ name: 'id', equals: 'OPERATOR(public.=)' }]);
  });

  it('says so when what the snapshot saw is not on the disk in time', async () => {
    const [writer] = await sql<{ pid: number }>(
      source,
      `SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'`,
    );
    const pid = writer?.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    try {
      await sql(source, `SET synchronous_commit = off; CREATE TYPE not_on_the_disk AS (a int)`);
      const snapshot = await open(source);
      let text = '';
      const job = {
        backupId: taken.sidecar.id,
        snapshot,
        entries: [],
        passphrase: 'x'.repeat(40),
        chunkRows: 4_000,
      };
      await takeFingerprint(
        job,
        async (lines) => {
          for await (const line of lines) text += line;
        },
        0,
      ).finally(() => snapshot.close());
      expect(JSON.parse(text.split('\n')[0] ?? '')).to.include({ kind: 'head', durable: false });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('is not written with BACKUP_FINGERPRINT=off: rows are counted then, and nothing is hashed', async () => {
    const { sidecar, directory } = await storedBackupOf(source, undefined, { fingerprint: false });
    expect(sidecar.companions.map(({ kind }) => kind)).to.deep.equal(['globals']);
    expect(sidecar).to.not.have.property('fingerprint');
    expect(sidecar.tables).to.deep.equal(
      taken.sidecar.tables.map(({ schema, name, rows }) => ({ schema, name, rows })),
    );
    expect(readdirSync(directory)).to.have.length(3);
  });
});
