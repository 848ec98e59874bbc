import pg from 'pg';
import type { Random } from '../../property/random.js';

/** What breaks scripts, command lines, connection strings and reports that do not quote. */
const PIECES = [
  `"`,
  `'`,
  '`id`',
  '$(id)',
  '$$',
  '-',
  '--',
  ';',
  '=',
  '%',
  '%s',
  '\\',
  '\\.',
  '/*',
  '*/',
  '?',
  '&',
  '#',
  ':',
  '//',
  '@',
  '.',
  '..',
  '*',
  '~',
  '|',
  '<',
  '>',
  '{x}',
  '[0]',
  ' ',
  '  ',
  'Größe',
  'e\u0301',
  '患者',
  'Пациент',
  '🩺',
  '\u202e',
  'select',
  'NULL',
  'A',
  '0',
];
/** No database can be reached by a URL with these in its name, which the settings refuse. */
const LINE_BREAKS = ['\n', '\r', '\t', '\n-- ', '\n\\connect x\n'];
/** The most bytes that PostgreSQL keeps of a name. */
const LONGEST = 63;

/** A database full of odd names; all of them come from the seed. */
export interface OddSource {
  readonly database: string;
  readonly target: string;
  readonly login: { readonly role: string; readonly password: string };
  /** A role that owns and one that may. */
  readonly roles: readonly [string, string];
  /** Runs as a superuser before the database is there. */
  readonly makeRoles: string;
  readonly fill: string;
  /** What happens between the full and the incremental. */
  readonly change: string;
}

export function oddSource(random: Random, serial: number): OddSource {
  const names = new Names(random, serial);
  const [database, target] = [`-${names.inUrl()}`, ` =${names.inUrl()}`];
  const login = { role: names.inUrl(), password: `${names.inUrl()}:\\` };
  const roles = [names.any(), names.any()] as const;
  const [owner, reader] = roles.map(quoted);
  const [role, password] = [quoted(login.role), pg.escapeLiteral(login.password)];
  return {
    database: cutToBytes(database),
    target: cutToBytes(target),
    login,
    roles,
    makeRoles: `CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD ${password}; CREATE ROLE ${owner}; CREATE ROLE ${reader}; GRANT ${owner} TO ${reader}`,
    ...tables(names, owner ?? '', reader ?? ''),
  };
}

function tables(names: Names, owner: string, reader: string): { fill: string; change: string } {
  const next = () => quoted(names.any());
  const fill: string[] = [];
  const change: string[] = [];
  for (const schema of [next(), next()]) {
    fill.push(
      `CREATE SCHEMA ${schema} AUTHORIZATION ${owner}`,
      `GRANT USAGE ON SCHEMA ${schema} TO ${reader}`,
    );
    for (const how of ['UPDATE', 'DELETE', 'INSERT', '']) {
      const [table, key, text, kind, label] = [next(), next(), next(), next(), next()];
      const full = `${schema}.${table}`;
      const value = pg.escapeLiteral(names.any());
      fill.push(
        `CREATE TYPE ${schema}.${kind} AS ENUM (${pg.escapeLiteral(names.any())}, ${value})`,
        `CREATE SEQUENCE ${schema}.${label}`,
        `CREATE TABLE ${full} (${key} int8 DEFAULT nextval(${pg.escapeLiteral(`${schema}.${label}`)}), ${text} text DEFAULT ${value},
           ${kind} ${schema}.${kind}, CONSTRAINT ${next()} PRIMARY KEY (${key}), CONSTRAINT ${next()} CHECK (${text} <> ${pg.escapeLiteral(names.any())}))`,
        `INSERT INTO ${full} (${text}, ${kind}) SELECT ${value} || g, ${value} FROM generate_series(1, 200) g`,
        `CREATE INDEX ${next()} ON ${full} (${text}, ${key})`,
        `CREATE VIEW ${schema}.${next()} AS SELECT ${text} AS ${next()} FROM ${full} WHERE ${text} > ${value}`,
        `COMMENT ON TABLE ${full} IS ${value}`,
        `COMMENT ON COLUMN ${full}.${text} IS ${pg.escapeLiteral(names.any())}`,
        `ALTER TABLE ${full} OWNER TO ${owner}`,
        `GRANT SELECT (${key}) ON ${full} TO ${reader}`,
      );
      change.push(...changeOf(how, { table: full, key, text, value }));
    }
  }
  return { fill: fill.join(';\n'), change: change.join(';\n') };
}

function changeOf(
  how: string,
  { table, key, text, value }: { table: string; key: string; text: string; value: string },
): string[] {
  if (how === 'UPDATE') return [`UPDATE ${table} SET ${text} = ${text} || ${value} WHERE ${key} % 50 = 0`];
  if (how === 'DELETE') return [`DELETE FROM ${table} WHERE ${key} % 50 = 1`];
  if (how === 'INSERT') return [`INSERT INTO ${table} (${text}) VALUES (${value})`];
  return [];
}

/** Names that no two things share. */
class Names {
  #given = 0;

  constructor(
    private readonly random: Random,
    private readonly serial: number,
  ) {}

  /** As any thing in a database may be called. */
  any(): string {
    return this.#from([...PIECES, ...LINE_BREAKS]);
  }

  /** As a database or a role that logs in may be called. */
  inUrl(): string {
    return this.#from(PIECES);
  }

  #from(pieces: readonly string[]): string {
    this.#given += 1;
    const mark = `${this.serial}_${this.#given}`;
    const random = this.random;
    const wanted = random.chance(0.2) ? LONGEST : random.between(1, 30);
    let name = '';
    while (Buffer.byteLength(name) < wanted) name += random.pick(pieces);
    name = cutToBytes(name, LONGEST - mark.length);
    if (wanted === LONGEST)
      name = name.padEnd(name.length + LONGEST - mark.length - Buffer.byteLength(name), 'x');
    return random.chance(0.5) ? `${name}${mark}` : `${mark}${name}`;
  }
}

function quoted(name: string): string {
  return pg.escapeIdentifier(name);
}

function cutToBytes(name: string, bytes = LONGEST): string {
  const letters = [...name];
  while (Buffer.byteLength(letters.join('')) > bytes) letters.pop();
  return letters.join('');
}
