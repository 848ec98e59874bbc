import { formatCount } from './figures.js';

/** What one table holds; two tables with the same rows in any order have the same of both. */
export interface TableContent {
  readonly rows: number;
  /** A sum over the hashes of all rows. */
  readonly hash: string;
}

export type Contents = ReadonlyMap<string, TableContent>;

export interface TableComparison {
  readonly table: string;
  /** `null` where the database has no such table. */
  readonly source: TableContent | null;
  readonly restored: TableContent | null;
  readonly verdict: 'equal' | 'rows differ' | 'content differs' | 'missing' | 'unexpected';
}

/** Compares what a source and its restored copy hold, table by table, in the order of their names. */
export function compareTables(source: Contents, restored: Contents): TableComparison[] {
  const tables = [...new Set([...source.keys(), ...restored.keys()])].sort((left, right) =>
    left < right ? -1 : 1,
  );
  return tables.map((table) => compare(table, source.get(table) ?? null, restored.get(table) ?? null));
}

function compare(table: string, source: TableContent | null, restored: TableContent | null): TableComparison {
  const verdict = () => {
    if (restored === null) return 'missing';
    if (source === null) return 'unexpected';
    if (source.rows !== restored.rows) return 'rows differ';
    return source.hash === restored.hash ? 'equal' : 'content differs';
  };
  return { table, source, restored, verdict: verdict() };
}

/** The comparison as a table of text. */
export function comparisonLines(comparisons: readonly TableComparison[]): string[] {
  const rows = comparisons.map(({ table, source, restored, verdict }) => [
    table,
    count(source),
    count(restored),
    `${verdict === 'equal' ? '✓' : '✗'} ${verdict}`,
  ]);
  const all = [['table', 'source', 'restored', 'rows and content'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map(([table = '', source = '', restored = '', verdict = '']) =>
    [
      table.padEnd(widths[0] ?? 0),
      source.padStart(widths[1] ?? 0),
      restored.padStart(widths[2] ?? 0),
      verdict,
    ].join('  '),
  );
}

function count(content: TableContent | null): string {
  return content === null ? '–' : formatCount(content.rows);
}

/** One sentence for what differs; `null` when nothing does. An empty comparison proves nothing. */
export function difference(comparisons: readonly TableComparison[]): string | null {
  if (comparisons.length === 0) return 'No table was found to compare.';
  const different = comparisons.filter(({ verdict }) => verdict !== 'equal');
  if (different.length === 0) return null;
  const list = different.map(({ table, verdict }) => `${table} (${verdict})`).join(', ');
  return `The restored database differs from the source in ${different.length} of ${comparisons.length} tables: ${list}.`;
}
