import { STAGING_SCHEMA } from '@safekeep/archive/compare-contents';
import pg from 'pg';
import type { DeltaPlan, DeltaRows, DeltaTable } from '../delta-plan.js';
import { columnList, quietly, title } from './sql-text.js';

/** A table of the archive that waits beside the target's until the apply statement moves its rows. */
export interface StagingTable {
  /** `r0` and `k0` for the plan's first table. */
  readonly name: string;
  /** What is in it, for people. */
  readonly holds: string;
  readonly rows: number;
  /** SQL that makes it, also where the target is not the base. */
  readonly create: string;
  readonly copy: string;
  /** COPY's text, without its terminator. */
  read(rows: DeltaRows): AsyncIterable<Buffer>;
}

/** In the order of the archive's data blocks. The plan's table number n has `rn` and, where keys are kept, `kn`. */
export function stagingTables({ changed, encoding }: DeltaPlan): StagingTable[] {
  return changed.flatMap((table, n) => [newRows(table, n, encoding), ...keptKeys(table, n, encoding)]);
}

function newRows(table: DeltaTable, n: number, encoding: string): StagingTable {
  return {
    name: `r${n}`,
    holds: `NEW ROWS OF ${title(table)}`,
    rows: table.newRows.rows,
    create: createLike(`r${n}`, table, table.staged),
    copy: copyFrom(`r${n}`, table.staged, encoding),
    read: (rows) => rows.newRows(table),
  };
}

function keptKeys(table: DeltaTable, n: number, encoding: string): StagingTable[] {
  const kept = table.replace?.kept ?? null;
  if (table.replace === null || kept === null) return [];
  const columns = table.replace.key.map(({ name }) => name);
  return [
    {
      name: `k${n}`,
      holds: `KEPT KEYS OF ${title(table)}`,
      rows: kept.rows,
      create: createLike(`k${n}`, table, columns),
      copy: copyFrom(`k${n}`, columns, encoding),
      read: (rows) => rows.keptKeys(table),
    },
  ];
}

/**
 * Columns of the target's own types, without its constraints. Where the target has no such table or columns, text takes
 * the rows: what COPY refused, psql would read as SQL. The apply statement then says what is wrong.
 */
function createLike(name: string, table: DeltaTable, columns: readonly string[]): string {
  const from = `${pg.escapeIdentifier(table.schema)}.${pg.escapeIdentifier(table.name)}`;
  const texts = columns.map((column) => `${pg.escapeIdentifier(column)} text`).join(', ');
  return quietly([
    `BEGIN
    CREATE UNLOGGED TABLE ${STAGING_SCHEMA}.${name} AS SELECT ${columnList(columns)} FROM ONLY ${from} WITH NO DATA;
  EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'not as in the base: %', SQLERRM;
    CREATE UNLOGGED TABLE ${STAGING_SCHEMA}.${name} (${texts});
  END`,
  ]);
}

/** In which encoding COPY reads and writes the rows of a database: the bytes of SQL_ASCII have none that could be converted. */
export function rowsEncoding(encoding: string): string {
  return encoding === 'SQL_ASCII' ? encoding : 'UTF8';
}

/** Money is read as it was written, whatever the target's locale. */
function copyFrom(name: string, columns: readonly string[], encoding: string): string {
  const list = columns.length === 0 ? '' : ` (${columnList(columns)})`;
  return `SET lc_monetary = 'C';
COPY ${STAGING_SCHEMA}.${name}${list} FROM stdin WITH (ENCODING '${rowsEncoding(encoding)}');\n`;
}
