import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import pg from 'pg';
import { tableName } from './apply/applied-tables.js';
import { applyStatement } from './apply/apply-statement.js';
import type { DeltaPlan, DeltaTable } from './delta-plan.js';
import { doStatement } from './do-statement.js';
import { APPLIED_MARK, keptKeysTable, newRowsTable, STAGING_SCHEMA } from './staging.js';

/** One entry of a delta archive, and the rows that belong to it. */
export interface DeltaEntry {
  readonly entry: TocEntry;
  readonly rows?: { readonly of: 'newRows' | 'keptKeys'; readonly table: DeltaTable };
}

const NONE = 1;
const PRE_DATA = 2;
const DATA = 3;
const POST_DATA = 4;

const DROP = `DROP SCHEMA IF EXISTS ${STAGING_SCHEMA} CASCADE;\n`;

/** The entries of a delta archive in their order: what pg_restore does, one after the other. */
export function deltaEntries(plan: DeltaPlan): DeltaEntry[] {
  const list = new EntryList();
  list.add('ENCODING', 'ENCODING', NONE, `SET client_encoding = '${clientEncoding(plan)}';\n`);
  list.add('STDSTRINGS', 'STDSTRINGS', NONE, "SET standard_conforming_strings = 'on';\n");
  list.add('SEARCHPATH', 'SEARCHPATH', NONE, "SELECT pg_catalog.set_config('search_path', '', false);\n");
  const left = list.add('SAFEKEEP', 'drop what an earlier attempt left', PRE_DATA, DROP);
  const schema = list.add(
    'SAFEKEEP',
    'schema for what changed',
    PRE_DATA,
    `CREATE SCHEMA ${STAGING_SCHEMA};\n`,
    [left],
  );
  const tables = plan.changed.flatMap((table, number) => list.addTables(table, number, schema));
  const staged = tables.map((table) => list.addData(table));
  const title = `apply ${plan.increment.fileName} to ${plan.base.fileName}`;
  const applied = list.add('SAFEKEEP', title, POST_DATA, applyStatement(plan), staged);
  let last = applied;
  for (const view of plan.refresh) {
    last = list.add('SAFEKEEP', `refresh ${view.schema}.${view.name}`, POST_DATA, refreshStatement(view), [
      last,
    ]);
  }
  list.add('SAFEKEEP', 'drop the schema', POST_DATA, DROP, [last]);
  return list.entries;
}

/** By itself, so that a view that cannot be refreshed undoes nothing; and not after a refusal, which changes nothing. */
function refreshStatement(view: DeltaPlan['refresh'][number]): string {
  const refresh = `REFRESH MATERIALIZED VIEW ${tableName(view)}${view.populated ? '' : ' WITH NO DATA'}`;
  return doStatement(`
BEGIN
  IF to_regclass('${APPLIED_MARK}') IS NOT NULL THEN
    EXECUTE ${pg.escapeLiteral(refresh)};
  END IF;
END`);
}

/** Bytes of SQL_ASCII have no encoding that could be converted. */
function clientEncoding({ encoding }: DeltaPlan): string {
  return encoding === 'SQL_ASCII' ? encoding : 'UTF8';
}

type StagedRows = Required<DeltaEntry>['rows'];

interface StagedTable {
  readonly name: string;
  /** SQL: a list. */
  readonly columns: string;
  readonly dumpId: number;
  readonly rows: StagedRows;
}

class EntryList {
  readonly entries: DeltaEntry[] = [];

  add(
    desc: string,
    tag: string,
    section: number,
    defn: string,
    dependencies: readonly number[] = [],
  ): number {
    return this.#push({ desc, tag: oneLine(tag), section, defn, dependencies });
  }

  addTables(table: DeltaTable, number: number, schema: number): StagedTable[] {
    const rows = this.#addTable(newRowsTable(number), table.staged, { of: 'newRows', table }, schema);
    if (table.replace?.kept == null) return [rows];
    const key = table.replace.key.map(({ name }) => name);
    return [rows, this.#addTable(keptKeysTable(number), key, { of: 'keptKeys', table }, schema)];
  }

  addData({ name, columns, dumpId, rows }: StagedTable): number {
    const list = columns === '' ? '' : `(${columns}) `;
    const at = { desc: 'TABLE DATA', tag: bare(name), namespace: STAGING_SCHEMA, section: DATA };
    const copyStmt = `COPY ${name} ${list}FROM stdin;\n`;
    return this.#push({ ...at, hasData: true, defn: '', copyStmt, dependencies: [dumpId] }, rows);
  }

  /** Of the target's own table, so that the types are its types; without its constraints, which are no matter here. */
  #addTable(name: string, names: readonly string[], rows: StagedRows, schema: number): StagedTable {
    const columns = names.map((column) => pg.escapeIdentifier(column)).join(', ');
    const from = `ONLY ${tableName(rows.table)}`;
    const defn = `CREATE UNLOGGED TABLE ${name} AS\n SELECT ${columns} FROM ${from}\nWITH NO DATA;\n`;
    const at = { desc: 'TABLE', tag: bare(name), namespace: STAGING_SCHEMA, section: PRE_DATA };
    return { name, columns, rows, dumpId: this.#push({ ...at, defn, dependencies: [schema] }) };
  }

  #push(
    entry: Pick<TocEntry, 'desc' | 'tag' | 'section' | 'defn' | 'dependencies'> & Partial<TocEntry>,
    rows?: DeltaEntry['rows'],
  ): number {
    const dumpId = this.entries.length + 1;
    const whole = { ...BLANK, ...entry, dumpId };
    this.entries.push(rows === undefined ? { entry: whole } : { entry: whole, rows });
    return dumpId;
  }
}

const BLANK = {
  hasData: false,
  catalogTableOid: 0,
  catalogOid: 0,
  dropStmt: '',
  copyStmt: null,
  namespace: null,
  tablespace: null,
  tableAccessMethod: null,
  // With an owner pg_restore would set it, and ask for its role.
  owner: '',
} as const;

function bare(name: string): string {
  return name.slice(STAGING_SCHEMA.length + 1);
}

/** Tags stand in lists of one line each. */
function oneLine(tag: string): string {
  return tag.replace(/[\r\n]/g, ' ');
}
