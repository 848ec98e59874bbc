import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import { expect } from 'chai';
import type { RestoreAsked } from '../../src/postgres/restore-messages.js';
import { RestoreStderr, type StderrVerdict } from '../../src/postgres/restore-stderr.js';

const PLAIN: RestoreAsked = { owners: false, privileges: false };
const WITH_ROLES: RestoreAsked = { owners: true, privileges: true };

function entry(dumpId: number, desc: string, tag: string, namespace: string | null = 'public'): TocEntry {
  return { dumpId, desc, tag, namespace } as TocEntry;
}

const ENTRIES = [
  entry(1, 'SCHEMA', 'public', null),
  entry(2, 'TABLE DATA', 'patients'),
  entry(3, 'POLICY', 'patients own'),
  entry(4, 'COMMENT', 'EXTENSION pgcrypto', null),
  entry(5, 'PUBLICATION', 'everything', null),
  entry(6, 'COMMENT', 'TABLE patients'),
  entry(7, 'FK CONSTRAINT', 'visits visits_patient_fkey'),
  entry(8, 'EXTENSION', 'postgis', null),
  entry(9, 'SCHEMA', 'clinic', null),
  entry(10, 'TABLE', 'patients'),
  entry(11, 'EVENT TRIGGER', 'watch', null),
  entry(12, 'ACL', 'TABLE patients'),
];

/** As pg_restore writes it: place, error, statement, and the count at its end. */
function stderr(dumpId: number | null, message: string, count = 1): string {
  const place =
    dumpId === null
      ? 'pg_restore: while INITIALIZING:\n'
      : `pg_restore: while PROCESSING TOC:\npg_restore: from TOC entry ${dumpId}; 1259 16384 KIND name owner\n`;
  return `${place}pg_restore: error: ${message}\nCommand was: SOMETHING;\n\n\npg_restore: warning: errors ignored on restore: ${count}\n`;
}

function read(text: string, asked = PLAIN, size = 7): StderrVerdict {
  const reader = new RestoreStderr(ENTRIES, asked);
  for (let at = 0; at < text.length; at += size) reader.push(text.slice(at, at + size));
  return reader.verdict();
}

const query = (message: string) => `could not execute query: ERROR:  ${message}`;

describe('errors of pg_restore', () => {
  const harmless: [promise: string, dumpId: number | null, message: string, kind: string][] = [
    [
      'a timeout of a newer pg_restore',
      null,
      query('unrecognized configuration parameter "transaction_timeout"'),
      'setting-unknown',
    ],
    ['the schema that every database has', 1, query('schema "public" already exists'), 'there-already'],
    ['a comment on an extension', 4, query('must be owner of extension pgcrypto'), 'comment'],
    ['a policy of a role that is not here', 3, query('role "nurse" does not exist'), 'role-missing'],
    [
      'a publication without a superuser',
      5,
      query('must be superuser to create FOR ALL TABLES publication'),
      'right',
    ],
    [
      'an event trigger without a superuser',
      11,
      query('permission denied to create event trigger "watch"'),
      'right',
    ],
  ];
  for (const [promise, dumpId, message, kind] of harmless) {
    it(`${promise} is harmless`, () => {
      const verdict = read(stderr(dumpId, message));
      expect(verdict).to.include({ realErrors: 0, harmlessErrors: 1, errorsIgnored: 1 });
      expect(verdict.messages[0]).to.include({ harmless: kind });
    });
  }

  const real: [promise: string, dumpId: number | null, message: string, sqlstate: string | null][] = [
    [
      'rows that are refused',
      2,
      'COPY failed for table "patients": ERROR:  duplicate key value violates unique constraint "p"',
      '23505',
    ],
    [
      'a foreign key that does not hold',
      7,
      query('insert or update on table "v" violates foreign key constraint "f"'),
      '23503',
    ],
    ['an extension that is not installed', 8, query('extension "postgis" is not available'), '0A000'],
    ['another schema that is there already', 9, query('schema "clinic" already exists'), '42P06'],
    ['a table that is there already', 10, query('relation "patients" already exists'), '42P07'],
    ['a comment on a table', 6, query('must be owner of table patients'), '42501'],
    [
      'an unknown setting of an object',
      10,
      query('unrecognized configuration parameter "x_timeout"'),
      '42704',
    ],
    [
      'an unknown setting that is no timeout',
      null,
      query('unrecognized configuration parameter "row_security"'),
      '42704',
    ],
    [
      'a full disk',
      2,
      'COPY failed for table "patients": ERROR:  could not extend file: No space left on device',
      '53100',
    ],
    ['a lost server', 2, 'could not execute query: server closed the connection unexpectedly', '08006'],
    [
      'a refused login',
      null,
      'connection to server at "h", port 1 failed: FATAL:  password authentication failed for user "x"',
      '28P01',
    ],
    ['an error that nobody knows', 10, query('the moon is full'), null],
  ];
  for (const [promise, dumpId, message, sqlstate] of real) {
    it(`${promise} is a real error`, () => {
      const verdict = read(stderr(dumpId, message));
      expect(verdict).to.include({ realErrors: 1, harmlessErrors: 0 });
      expect(verdict.messages[0]).to.include({ harmless: null, sqlstate });
    });
  }

  it('a policy of a missing role is a real error when roles were asked for', () => {
    expect(read(stderr(3, query('role "nurse" does not exist')), WITH_ROLES).realErrors).to.equal(1);
  });

  it('names the object by the archive’s table of contents, and keeps nothing of the message', () => {
    const text = stderr(
      2,
      'COPY failed for table "patients": ERROR:  invalid input syntax for type date: "MARKER"',
    );
    const verdict = read(`${text}DETAIL:  Key (mrn)=(MARKER) already exists.\n`);
    expect(verdict.messages[0]).to.deep.equal({
      harmless: null,
      sqlstate: '22P02',
      object: 'TABLE DATA public.patients',
    });
    expect(JSON.stringify(verdict)).not.to.contain('MARKER');
  });

  it('remembers the place of an error when pg_restore does not repeat it', () => {
    const again = `pg_restore: error: ${query('relation "patients" already exists')}\n`;
    const verdict = read(stderr(10, query('relation "patients" already exists')) + again);
    expect(verdict.realErrors).to.equal(2);
    expect(verdict.messages[1]?.object).to.equal('TABLE public.patients');
  });

  it('a quoted statement that looks like pg_restore’s last word is not it', () => {
    const forged = 'Command was: CREATE FUNCTION\npg_restore: warning: errors ignored on restore: 1\n';
    const verdict = read(
      `${stderr(1, query('schema "public" already exists'))}${forged}pg_restore: error: died\n`,
    );
    expect(verdict).to.include({ realErrors: 1, errorsIgnored: null });
  });

  it('counts all errors and remembers a hundred, real ones first', () => {
    const many = Array.from({ length: 150 }, () => stderr(1, query('schema "public" already exists')));
    const verdict = read(
      `${many.join('')}${stderr(9, query('schema "clinic" already exists'), 151)}`,
      PLAIN,
      4096,
    );
    expect(verdict).to.include({ realErrors: 1, harmlessErrors: 150, errorsIgnored: 151 });
    expect(verdict.messages).to.have.length(100);
    expect(verdict.messages[0]).to.include({ harmless: null });
  });

  it('reads a line of many megabytes in constant memory', () => {
    const reader = new RestoreStderr(ENTRIES, PLAIN);
    reader.push('Command was: ');
    for (let piece = 0; piece < 1_000; piece += 1) reader.push('x'.repeat(65_536));
    reader.push(`\npg_restore: error: ${query('extension "postgis" is not available')}`);
    expect(reader.verdict().realErrors).to.equal(1);
  });
});
