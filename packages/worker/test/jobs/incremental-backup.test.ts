import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Secret } from '@safekeep/shared/config/secret';
import { createLogger } from '@safekeep/shared/logger';
import { LocalStorage } from '@safekeep/shared/storage/local';
import { expect } from 'chai';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { emptyDatabase, postgresServer, sql } from '../../../shared/test/servers.js';
import { directoryJournal } from '../../src/catalog/directory-journal.js';
import type { CheckedBackup } from '../../src/jobs/checked-backup.js';
import { openCheckedChain } from '../../src/jobs/checked-chain.js';
import { fullBackup } from '../../src/jobs/full-backup.js';
import { type IncrementalOutcome, incrementalBackup } from '../../src/jobs/incremental-backup.js';
import type { BackupSettings } from '../../src/jobs/open-backup.js';
import { deflatePool } from '../deflate-pool.js';
import { realPrograms } from '../postgres/real-programs.js';

const SCHEMA = `
  CREATE TABLE patients (id integer PRIMARY KEY, name text NOT NULL);
  CREATE TABLE visits (patient integer REFERENCES patients, at date);
  CREATE TABLE codes (code text PRIMARY KEY);
  INSERT INTO patients SELECT g, 'p' || g FROM generate_series(1, 500) g;
  INSERT INTO visits SELECT g, '2024-01-01' FROM generate_series(1, 10) g;
  INSERT INTO codes SELECT md5(g::text) FROM generate_series(1, 500) g;
  CREATE SEQUENCE numbers; SELECT setval('numbers', 5);
  CREATE MATERIALIZED VIEW names AS SELECT name FROM patients;`;

describe('an incremental backup', () => {
  let database: string;
  let directory: string;
  let settings: BackupSettings;
  let now = Date.now() - 600_000;

  beforeEach(async () => {
    database = await emptyDatabase();
    await sql(database, SCHEMA);
    directory = mkdtempSync(join(await scratchFolder('safekeep-incremental'), 'backups-'));
    settings = {
      logger: createLogger({ service: 'worker', level: 'error' }),
      encryptionKey: new Secret(randomBytes(48).toString('base64')),
      compression: 'gzip:1',
      deflatePool,
      lockTimeout: 5_000,
      fingerprint: true,
      programDirectories: [(await realPrograms()).directory],
      environment: { PATH: process.env.PATH },
    };
  });

  async function job() {
    now += 1000;
    const storage = new LocalStorage(directory, 'main');
    const journal = directoryJournal(storage, 'main', settings.encryptionKey, new Date(now));
    const source = { name: 'main', url: new Secret((await postgresServer()).url(database)) };
    return { id: randomUUID(), source, journal, storage, onMeter: () => {} };
  }

  const signal = new AbortController().signal;
  const full = async () => fullBackup({ ...(await job()), type: 'full' }, settings, signal);
  const incremental = async () => incrementalBackup(await job(), settings, signal);

  /** With pg_restore alone, the base first; its messages. */
  async function restore(
    { id, fileName }: { id: string; fileName: string },
    target: string,
  ): Promise<string> {
    const { encryptionKey } = settings;
    const storage = new LocalStorage(directory, 'main');
    const stored = {
      backup: { id, fileName },
      recordedHmac: null,
      baseDisposedAt: null,
      storage,
      encryptionKey,
    };
    const chain = await openCheckedChain(stored, { signal });
    let messages = await pgRestore(chain.full, target);
    if (chain.increment !== null) messages += await pgRestore(chain.increment, target);
    await chain.close();
    return messages;
  }

  async function pgRestore(backup: CheckedBackup, target: string): Promise<string> {
    const { directory: programs } = await realPrograms();
    const child = spawn(join(programs, 'pg_restore'), ['-d', (await postgresServer()).url(target)]);
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const closed = once(child, 'close');
    await pipeline([backup.read(), ...backup.unseal(), child.stdin]);
    await closed;
    return stderr;
  }

  const read = (from: string) =>
    sql(
      from,
      `SELECT 'p' AS t, id::text AS a, name AS b FROM patients UNION ALL SELECT 'v', patient::text, at::text FROM visits
       UNION ALL SELECT 'c', code, NULL FROM codes UNION ALL SELECT 'n', name, NULL FROM names
       UNION ALL SELECT 's', last_value::text, NULL FROM numbers ORDER BY 1, 2, 3`,
    );

  function promotionOf(outcome: IncrementalOutcome): string {
    return outcome.kind === 'promoted' ? outcome.code : 'taken';
  }

  it('holds what changed, and restores with its base to what its snapshot saw', async () => {
    await full();
    await sql(
      database,
      `UPDATE patients SET name = 'new' || id WHERE id % 100 = 1; DELETE FROM patients WHERE id = 77;
       INSERT INTO patients VALUES (1001, 'late'); INSERT INTO visits VALUES (1001, '2024-02-02');
       SELECT setval('numbers', 50); REFRESH MATERIALIZED VIEW names`,
    );
    const outcome = await incremental();
    if (outcome.kind !== 'taken') throw new Error(outcome.reason);
    const { sidecar } = outcome;
    expect(sidecar.fileName).to.match(/^incremental_backup_/);
    expect(sidecar.delta?.changed.map(({ name, mode, newRows }) => [name, mode, newRows])).to.deep.equal([
      ['patients', 'rows', 6],
      ['visits', 'whole', 11],
    ]);
    const target = await emptyDatabase();
    expect(await restore(sidecar, target)).to.equal('');
    expect(await read(target)).to.deep.equal(await read(database));
  });

  it('becomes a full one, and says why, where it cannot be exact', async () => {
    expect(promotionOf(await incremental())).to.equal('no-base');
    await full();
    await sql(database, "ALTER TABLE patients ADD COLUMN email text DEFAULT 'x'");
    expect(promotionOf(await incremental())).to.equal('schema-changed');
    await full();
    expect(promotionOf(await incremental())).to.equal('taken');
    await sql(database, 'SELECT lo_from_bytea(0, $1)', ['\\x01']);
    expect(promotionOf(await incremental())).to.equal('large-objects-changed');
  });
});
