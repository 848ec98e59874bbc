import { randomBytes } from 'node:crypto';
import { Secret } from '@safekeep/shared/config/secret';
import { expect } from 'chai';
import { emptyDatabase, postgresServer, sql } from '../../../shared/test/servers.js';
import { type Comparison, compareFingerprints } from '../../src/fingerprint/compare-fingerprints.js';
import { expectedFingerprint, fingerprintTerms } from '../../src/fingerprint/fingerprint.js';
import { fingerprintCopy } from '../../src/fingerprint/fingerprint-copy.js';
import { storedBackupOf, type TakenBackup } from '../jobs/stored-backup-of.js';
import { shell } from '../process/by-hand.js';

const NEVER = new AbortController().signal;

const CLINIC = `
  CREATE TYPE state AS ENUM ('open', 'closed');
  CREATE DOMAIN mail AS text CHECK (VALUE LIKE '%@%');
  CREATE TABLE patients (gone int, id bigint PRIMARY KEY, name text, born date, weight float8, seen timestamptz,
    owed money, every interval, scan bytea, kind varchar(10) CHECK (kind IN ('in', 'out')), pair text, lower text
    GENERATED ALWAYS AS (lower(name)) STORED);
  ALTER TABLE patients DROP COLUMN gone;
  INSERT INTO patients SELECT g, 'name ' || g, date '1950-01-01' + g, g / 3.0, timestamptz '2020-01-01 00:00Z' + g * interval '1 h',
    g, g * interval '1 day 2 min', sha256(g::text::bytea), 'in', '(a,' || g || ')' FROM generate_series(1, 500) g;
  INSERT INTO patients (id, name, pair) VALUES (1001, NULL, ''), (1002, '', NULL);
  CREATE TABLE visits (patient bigint REFERENCES patients, note text); CREATE INDEX visits_by_patient ON visits (patient);
  INSERT INTO visits SELECT 1 + g % 500, 'note ' || g FROM generate_series(1, 300) g; INSERT INTO visits VALUES (1, 'twice'), (1, 'twice');
  CREATE TABLE two_texts (a text, b text); INSERT INTO two_texts VALUES ('x,y', 'z'), ('1', NULL), ('2', '');
  CREATE SEQUENCE numbers; SELECT setval('numbers', 4711); CREATE SEQUENCE fresh START 7;
  CREATE VIEW names AS SELECT id, name FROM patients WHERE kind IN ('in', 'out');
  CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 1';
  CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; 
  CREATE TRIGGER touched BEFORE UPDATE ON visits FOR EACH ROW EXECUTE FUNCTION t();
  ALTER TABLE visits ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON visits USING (patient > 0);
  CREATE EXTENSION hstore;
  SELECT lo_from_bytea(4711, '\\x00ff'), lo_from_bytea(4712, convert_to(repeat('a', 1048576), 'UTF8'));`;

const row = (object: string, expected: unknown, actual: unknown) => ({
  kind: 'rows',
  object,
  expected,
  actual,
});
const content = (object: string) => ({
  kind: 'content',
  object,
  expected: 'the same values',
  actual: 'other values',
});
const missing = (kind: string, object: string) => ({ kind, object, expected: 'there', actual: null });
const changed = (kind: string, object: string) => ({
  kind,
  object,
  expected: 'the same definition',
  actual: 'another definition',
});

/** What is done to a copy, and what must be found. */
const DAMAGES: readonly (readonly [what: string, sql: string, ...findings: object[]])[] = [
  ['one row removed', 'DELETE FROM patients WHERE id = 1002', row('public.patients', 502, 501)],
  ['one value changed', `UPDATE patients SET name = 'name  7' WHERE id = 7`, content('public.patients')],
  [
    'two rows swapped one value',
    `UPDATE patients SET born = date '1950-01-01' + (31 - id)::int WHERE id IN (15, 16)`,
    content('public.patients'),
  ],
  [
    'one row twice and another one missing',
    `UPDATE visits SET note = 'note 5' WHERE note = 'twice'; UPDATE visits SET note = 'twice', patient = 1 WHERE note = 'note 6'`,
    content('public.visits'),
  ],
  [
    'NULL instead of the empty string',
    `UPDATE two_texts SET b = NULL WHERE a = '2'`,
    content('public.two_texts'),
  ],
  [
    'a comma that moved',
    `UPDATE two_texts SET a = 'x', b = 'y,z' WHERE a = 'x,y'`,
    content('public.two_texts'),
  ],
  ['values of two columns exchanged', 'UPDATE two_texts SET a = b, b = a', content('public.two_texts')],
  [
    'the last bit of a number',
    `UPDATE patients SET weight = weight + 1e-16 WHERE id = 1`,
    content('public.patients'),
  ],
  [
    'one byte of a bytea',
    `UPDATE patients SET scan = set_byte(scan, 3, 255 - get_byte(scan, 3)) WHERE id = 9`,
    content('public.patients'),
  ],
  ['a table missing', 'DROP TABLE two_texts', missing('table', 'public.two_texts')],
  [
    'a table too many',
    'CREATE TABLE more ()',
    { kind: 'table', object: 'public.more', expected: null, actual: 'there' },
  ],
  [
    'a sequence set back',
    `SELECT setval('numbers', 4710)`,
    { kind: 'sequence', object: 'public.numbers', expected: '4711', actual: '4710' },
  ],
  [
    'a sequence used',
    `SELECT nextval('fresh')`,
    { kind: 'sequence', object: 'public.fresh', expected: '7 (not used yet)', actual: '7' },
  ],
  [
    'a sequence missing',
    'DROP SEQUENCE fresh',
    { kind: 'sequence', object: 'public.fresh', expected: '7 (not used yet)', actual: null },
  ],
  [
    'an index missing',
    'DROP INDEX visits_by_patient',
    missing('index', 'visits_by_patient on public.visits'),
  ],
  [
    'an index changed',
    'DROP INDEX visits_by_patient; CREATE INDEX visits_by_patient ON visits (note)',
    changed('index', 'visits_by_patient on public.visits'),
  ],
  [
    'a constraint missing',
    'ALTER TABLE visits DROP CONSTRAINT visits_patient_fkey',
    missing('constraint', 'visits_patient_fkey on public.visits'),
  ],
  [
    'a constraint changed',
    `ALTER TABLE patients DROP CONSTRAINT patients_kind_check; ALTER TABLE patients ADD CONSTRAINT patients_kind_check CHECK (kind IN ('in', 'off'))  NOT VALID; UPDATE pg_constraint SET convalidated = true WHERE conname = 'patients_kind_check'`,
    changed('constraint', 'patients_kind_check on public.patients'),
  ],
  [
    'a primary key missing',
    'ALTER TABLE visits DROP CONSTRAINT visits_patient_fkey; ALTER TABLE patients DROP CONSTRAINT patients_pkey; ALTER TABLE patients ALTER id SET NOT NULL',
    missing('constraint', 'visits_patient_fkey on public.visits'),
    missing('constraint', 'patients_pkey on public.patients'),
    missing('index', 'patients_pkey on public.patients'),
  ],
  ['a default', 'ALTER TABLE visits ALTER note SET DEFAULT 7', changed('table', 'public.visits')],
  [
    'a column that may be NULL',
    'ALTER TABLE visits ALTER patient SET NOT NULL',
    changed('table', 'public.visits'),
  ],
  [
    'a view',
    'CREATE OR REPLACE VIEW names AS SELECT id, name FROM patients',
    changed('view', 'public.names'),
  ],
  [
    'a function',
    `CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 2'`,
    changed('function', 'public.f(a integer)'),
  ],
  [
    'a trigger switched off',
    'ALTER TABLE visits DISABLE TRIGGER touched',
    changed('trigger', 'touched on public.visits'),
  ],
  ['a policy', 'ALTER POLICY mine ON visits USING (patient > 1)', changed('policy', 'mine on public.visits')],
  ['a value of an enumeration', `ALTER TYPE state ADD VALUE 'lost'`, changed('type', 'public.state')],
  [
    'an extension missing',
    'DROP EXTENSION hstore',
    { kind: 'extension', object: 'hstore', expected: '1.8', actual: null },
  ],
  [
    'a large object missing',
    'SELECT lo_unlink(4711)',
    { kind: 'large-objects', object: 'large objects', expected: 2, actual: 1 },
  ],
  [
    'a byte behind the first piece of a large object',
    `SELECT lo_put(4712, 1048576, '\\x00')`,
    { kind: 'large-objects', object: 'large objects', expected: 'the same bytes', actual: 'other bytes' },
  ],
];

/** What may differ without any harm. */
const HARMLESS: readonly (readonly [what: string, sql: string])[] = [
  [
    'rows in another order',
    'CREATE TABLE o AS TABLE visits ORDER BY note DESC; DELETE FROM visits; INSERT INTO visits SELECT * FROM o; DROP TABLE o',
  ],
  [
    'columns in another order and without gaps',
    'ALTER TABLE two_texts ADD c text; UPDATE two_texts SET c = a; ALTER TABLE two_texts DROP a; ALTER TABLE two_texts RENAME c TO a',
  ],
  [
    'a check that was restored once',
    `ALTER TABLE patients DROP CONSTRAINT patients_kind_check; ALTER TABLE patients ADD CONSTRAINT patients_kind_check
    CHECK (((kind)::text = ANY (ARRAY[('in'::character varying)::text, ('out'::character varying)::text])))`,
  ],
  [
    'settings of the database and the role',
    `DO $$ DECLARE s text; BEGIN FOREACH s IN ARRAY ARRAY['DateStyle = ''German''', 'TimeZone = ''Asia/Tokyo''', 'IntervalStyle = ''iso_8601''',
    'bytea_output = ''escape''', 'extra_float_digits = -5', 'search_path = ''public''', 'quote_all_identifiers = on', 'lc_monetary = ''C.UTF-8'''] LOOP
    EXECUTE format('ALTER DATABASE %I SET %s', current_database(), s); END LOOP; END $$`,
  ],
];

describe('the fingerprint of a backup', function () {
  this.timeout(60_000);
  let source: string;
  let taken: TakenBackup;

  before(async () => {
    source = await emptyDatabase();
    await sql(source, CLINIC);
    taken = await storedBackupOf(source);
  });

  async function compareWith(database: string, backup = taken): Promise<Comparison> {
    const expected = expectedFingerprint(backup.sidecar);
    const terms = await fingerprintTerms(backup.sidecar, backup.stored.encryptionKey.reveal());
    const url = new Secret((await postgresServer()).url(database));
    return compareFingerprints(expected, await fingerprintCopy(url, expected, terms, NEVER));
  }

  async function copyWith(change: string): Promise<string> {
    const name = `copy_${randomBytes(6).toString('hex')}`;
    await sql('postgres', `CREATE DATABASE ${name} TEMPLATE ${source}`);
    await sql(name, change);
    return name;
  }

  it('is that of every untouched copy', async () => {
    expect(await compareWith(await copyWith('SELECT'))).to.deep.equal({
      findings: [],
      differences: 0,
      notCompared: [],
    });
  });

  for (const [what, change, ...findings] of DAMAGES) {
    it(`tells a copy by ${what}, and names it`, async () => {
      const comparison = await compareWith(await copyWith(change));
      expect(comparison.findings).to.have.deep.members(findings);
    });
  }

  for (const [what, change] of HARMLESS) {
    it(`does not depend on ${what}`, async () => {
      expect((await compareWith(await copyWith(change))).findings).to.deep.equal([]);
    });
  }

  it('hashes the same rows differently in each backup, so that nobody can guess at them', async () => {
    const again = await storedBackupOf(source);
    const hash = (backup: TakenBackup) =>
      backup.sidecar.tables.find((table) => table.name === 'two_texts')?.contentHash;
    expect(hash(again)).to.match(/^[0-9a-f]{32}$/);
    expect(hash(again)).not.to.equal(hash(taken));
    expect((await compareWith(source, again)).findings).to.deep.equal([]);
  });

  it('can be computed again with psql and openssl, as docs/BACKUP_FORMAT.md says', async () => {
    const script = `
      hex=$(grep -o '"sealedKey":"[^"]*"' "$F.meta" | cut -d'"' -f4 | base64 -d |
        openssl enc -aes-256-cbc -d -pbkdf2 -k "$BACKUP_ENCRYPTION_KEY" | od -An -v -tx1 | tr -d ' \\n')
      sum=$(psql -X -A -t -q "$URL" -c "SET search_path = ''" -c "
        SELECT coalesce(sum(('x' || encode(substr(h, 1, 8), 'hex'))::bit(64)::int8), 0)::text
        FROM (SELECT sha256(convert_to(ROW(a, b)::text, 'UTF8')) AS h FROM ONLY public.two_texts OFFSET 0) t")
      printf '["public","two_texts",["a","b"],3,"%s"]' "$sum" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$hex"`;
    const out = await shell(script, {
      F: taken.file,
      URL: (await postgresServer()).url(source),
      BACKUP_ENCRYPTION_KEY: taken.stored.encryptionKey.reveal(),
    });
    const table = taken.sidecar.tables.find(({ name }) => name === 'two_texts');
    expect(out.trim().slice(-64, -32)).to.equal(table?.contentHash);
  });
});
