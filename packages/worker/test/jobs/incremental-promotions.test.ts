import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Transform } from 'node:stream';
import { createOpener } from '@safekeep/archive/open';
import { createSealer } from '@safekeep/archive/seal';
import { parseSidecar, type Sidecar, serializeSidecar } from '@safekeep/archive/sidecar';
import { Secret } from '@safekeep/shared/config/secret';
import type { BaseCandidate } from '@safekeep/shared/history/bases';
import { filesOf } from '@safekeep/shared/storage/backup-names';
import { expect } from 'chai';
import { type PostgresServer, startPostgres } from '../../../../scripts/services/postgres.js';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { type IncrementalSource, incrementalSource } from './incremental-source.js';

const SCHEMA = `
  CREATE TABLE patients (id integer PRIMARY KEY, name text NOT NULL);
  CREATE TABLE visits (patient integer REFERENCES patients, at date);
  INSERT INTO patients SELECT g, 'p' || g FROM generate_series(1, 500) g;
  SELECT lo_from_bytea(900001, 'scan')`;

/** What changes definitions, and takes it back. */
const DEFINITIONS: readonly [what: string, change: string, back: string][] = [
  [
    'a column with a default, which rewrites no row',
    "ALTER TABLE patients ADD email text DEFAULT 'x'",
    'ALTER TABLE patients DROP email',
  ],
  ['an index', 'CREATE INDEX by_name ON patients (name)', 'DROP INDEX by_name'],
  ['a new table', 'CREATE TABLE more (a int)', 'DROP TABLE more'],
  ['a renamed table', 'ALTER TABLE visits RENAME TO stays', 'ALTER TABLE stays RENAME TO visits'],
  ['a renamed column', 'ALTER TABLE visits RENAME at TO day', 'ALTER TABLE visits RENAME day TO at'],
  ['a privilege', 'GRANT SELECT ON patients TO PUBLIC', 'REVOKE SELECT ON patients FROM PUBLIC'],
  ['a comment', "COMMENT ON TABLE visits IS 'x'", 'COMMENT ON TABLE visits IS NULL'],
];

describe('an incremental becomes a full backup and says why', function () {
  this.timeout(120_000);
  let server: PostgresServer;
  let source: IncrementalSource;

  before(async () => {
    server = await startPostgres({ directory: await scratchFolder('safekeep-promotions') });
    const database = async (name: string) => {
      const made = await incrementalSource(server, name);
      await made.sql(`CREATE DATABASE ${name}`, 'postgres');
      await made.sql(SCHEMA);
      return made;
    };
    source = await database('clinic');
  });
  after(() => server?.stop('immediate'));
  beforeEach(() => {
    source.journal = {};
  });

  const file = (name: string) => join(source.directory, name);

  async function reason(): Promise<string> {
    const outcome = await source.incremental();
    return outcome.kind === 'promoted' ? `${outcome.code}: ${outcome.reason}` : 'taken';
  }

  /** Nothing may be left of an incremental that was not taken. */
  async function promotion(): Promise<string> {
    const before = new Set(source.files());
    const why = await reason();
    expect(new Set(source.files()), why).to.deep.equal(before);
    return why;
  }

  /** History's answer, which also knows backups whose sidecars are not authentic any more. */
  function remember(...sidecars: readonly Sidecar[]): void {
    const candidates: BaseCandidate[] = sidecars.map(({ id, fileName, hmac }) => ({
      id,
      fileName,
      recordedHmac: hmac,
      failed: null,
    }));
    source.journal = { baseCandidates: async () => candidates };
  }

  /** Takes a full backup, spoils a copy of something of it, and gives its promotion; then it is as before. */
  async function spoiled(base: Sidecar, name: string, spoil: (path: string) => void): Promise<string> {
    const kept = readFileSync(file(name));
    spoil(file(name));
    try {
      return await promotion();
    } finally {
      writeFileSync(file(name), kept);
      expect(base.fileName).to.match(/^full_/);
    }
  }

  it('without a base', async () => {
    expect(await promotion()).to.equal('no-base: There is no full backup to build on yet.');
  });

  it('when a definition changed, whichever; and is one again when it was changed back', async () => {
    await source.full();
    for (const [what, change, back] of DEFINITIONS) {
      await source.sql(change);
      expect(await promotion(), what).to.match(
        /^(schema-changed: The schema changed since the base was taken|tables-differ: )/,
      );
      await source.sql(back);
    }
    expect(await reason()).to.equal('taken');
    await source.sql('DROP EXTENSION plpgsql');
    expect(await promotion()).to.match(/^schema-changed: /);
  });

  it('when a table cannot be read any more as the manifest says', async () => {
    await source.full();
    await source.sql(`ALTER TABLE patients DROP COLUMN id CASCADE`);
    expect(await promotion()).to.match(/^schema-changed/);
    await source.sql(`DROP TABLE patients; CREATE TABLE patients (id text PRIMARY KEY, name text NOT NULL)`);
    expect(await promotion()).to.match(/^schema-changed/);
  });

  it('when large objects changed: content, one more, one less', async () => {
    await source.full();
    expect(await reason()).to.equal('taken');
    for (const change of [
      `SELECT lo_put(900001, 0, 'SCAN')`,
      `SELECT lo_from_bytea(900002, 'more')`,
      'SELECT lo_unlink(900001)',
    ]) {
      await source.sql(change);
      expect(await promotion(), change).to.equal(
        'large-objects-changed: Large objects changed since the base was taken.',
      );
      await source.full();
    }
  });

  it('when files of the base are gone, cut, altered, or another backup’s', async () => {
    const other = await source.full();
    const base = await source.full();
    remember(base);
    const names = filesOf(base.fileName);
    const cases: [name: string, spoil: (path: string) => void, why: RegExp][] = [
      [names.data, (path) => rmSync(path), /its file is missing\.$/],
      [
        names.data,
        (path) => truncateSync(path, base.size - 1),
        /its file has another size than its sidecar says\.$/,
      ],
      [names.manifest, (path) => rmSync(path), /its manifest is missing\.$/],
      [names.manifest, (path) => flip(path), /its manifest was changed: /],
      [names.manifest, (path) => truncateSync(path, 100), /its manifest was changed: /],
      [
        names.manifest,
        (path) => copyFileSync(file(filesOf(other.fileName).manifest), path),
        /its manifest was changed: /,
      ],
      [names.sidecar, (path) => rmSync(path), /the sidecar is missing\.$/],
      [names.sidecar, (path) => flip(path), /sidecar/],
      [
        names.sidecar,
        (path) => copyFileSync(file(filesOf(other.fileName).sidecar), path),
        /belongs to another backup\.$/,
      ],
    ];
    for (const [name, spoil, why] of cases) {
      const told = await spoiled(base, name, spoil);
      expect(told).to.match(
        /^base-unusable: The newest full backup, full_backup_\w+\.pgdump\.enc\.gz, cannot be built on: /,
      );
      expect(told).to.match(why);
    }
    expect(await reason()).to.equal('taken');
  });

  it('an older pair of files in its place does not pass for it', async () => {
    const base = await source.full();
    remember({ ...base, hmac: 'f'.repeat(64) });
    expect(await promotion()).to.match(/not the one that history recorded\.$/);
  });

  it('a manifest that says to be another backup’s, or that the server had not all on disk, is not built on', async () => {
    for (const [from, to, why] of [
      [/"backupId":"[^"]*"/, '"backupId":"00000000-0000-4000-8000-000000000000"', /is of another backup\.$/],
      ['"durable":true', '"durable":false', /had not written all that it saw to its disk/],
      ['"version":1', '"version":2', /manifest/],
    ] as const) {
      remember(await withManifest(await source.full(), from, to));
      expect(await promotion()).to.match(why);
    }
  });

  it('when the base was made with another key', async () => {
    remember(await source.full());
    const { settings } = source;
    source.settings = { ...settings, encryptionKey: new Secret('another-key-of-forty-characters-at-least') };
    expect(await promotion()).to.match(/it was made with another key\.$/);
    source.settings = settings;
  });

  it('when hashes are off now, or were when the base was made', async () => {
    const { settings } = source;
    source.settings = { ...settings, fingerprint: false };
    expect(await promotion()).to.match(/^fingerprint-off: BACKUP_FINGERPRINT is off/);
    const without = await source.full();
    source.settings = settings;
    remember(without);
    expect(await promotion()).to.match(/it was made without a manifest \(BACKUP_FINGERPRINT=off, /);
  });

  it('when retention takes the base meanwhile', async () => {
    await source.full();
    source.journal = { holdBase: async () => false };
    expect(await promotion()).to.match(/^base-unusable: The newest full backup, .* is gone\.$/);
  });

  it('when something was found to be wrong with the base', async () => {
    const base = await source.full();
    const candidate = { id: base.id, fileName: base.fileName, recordedHmac: base.hmac };
    for (const failed of ['verification', 'recovery test'] as const) {
      source.journal = { baseCandidates: async () => [{ ...candidate, failed }] };
      expect(await promotion()).to.match(new RegExp(`its newest ${failed} failed\\.$`));
    }
  });

  it('but builds on an older base where the newest is unusable', async () => {
    const older = await source.full();
    const newest = await source.full();
    rmSync(file(filesOf(newest.fileName).manifest));
    const outcome = await source.incremental();
    if (outcome.kind !== 'taken') throw new Error(outcome.reason);
    expect(outcome.sidecar.baseId).to.equal(older.id);
    expect(outcome.sidecar.delta?.base).to.deep.equal({ fileName: older.fileName, hmac: older.hmac });
  });

  it('when the database was replaced by a copy under its name, which keeps every transaction id', async () => {
    await source.full();
    await source.sql('CREATE DATABASE copy TEMPLATE clinic', 'postgres');
    await source.sql('ALTER DATABASE clinic RENAME TO before; ', 'postgres');
    await source.sql('ALTER DATABASE copy RENAME TO clinic', 'postgres');
    expect(await promotion()).to.match(/^server-changed: The source is another server or another database/);
  });

  it('when the server was started anew, also where its disk was set back to an older copy', async () => {
    const [data, copy] = ['data', 'copy'].map((name) => join(server.directory, name)) as [string, string];
    await server.stop();
    execFileSync('cp', ['-a', data, copy]);
    await server.restart();
    await source.full();
    await server.stop();
    execFileSync('rm', ['-r', data]);
    execFileSync('mv', [copy, data]);
    await server.restart();
    expect(await promotion()).to.match(/^server-restarted: The server was started anew/);
    await source.full();
    expect(await reason()).to.equal('taken');
  });

  /** The base with another manifest, that its sidecar vouches for: as if it had been made so. */
  async function withManifest(base: Sidecar, from: string | RegExp, to: string): Promise<Sidecar> {
    const passphrase = source.settings.encryptionKey.reveal();
    const { sidecar, manifest } = filesOf(base.fileName);
    const plain = await through(createOpener(passphrase), readFileSync(file(manifest)));
    const altered = plain.toString().replace(from, to);
    expect(altered).to.contain(to);
    const bytes = await through(createSealer(passphrase), Buffer.from(altered));
    writeFileSync(file(manifest), bytes);
    const facts = { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    const companions = base.companions.map((one) => (one.kind === 'manifest' ? { ...one, ...facts } : one));
    const { hmac: _, ...body } = base;
    writeFileSync(file(sidecar), serializeSidecar({ ...body, companions }, passphrase));
    return parseSidecar(readFileSync(file(sidecar), 'utf8'), passphrase);
  }
});

function flip(path: string): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

async function through(stage: Transform, bytes: Buffer): Promise<Buffer> {
  stage.end(bytes);
  return Buffer.concat(await stage.toArray());
}
