import { ArchiveError } from './archive-error.js';
import {
  MANIFEST_VERSION,
  type ManifestHead,
  type ManifestTable,
  manifestHead,
  manifestTable,
} from './manifest-schema.js';

/** Longest line read or written, in bytes: 10,000 chunks take about 0.7 MB, their bounds at most as much again. */
export const MAX_LINE_BYTES = 4 * 1024 * 1024;

/**
 * A manifest's text, line by line: what it says of the snapshot, a line for each table, and how many these were. Nothing
 * is held but the line that is being made.
 * Errors: MANIFEST_BROKEN where a line would break the schema or its bound.
 */
export async function* manifestLines(
  head: Omit<ManifestHead, 'kind' | 'version'>,
  tables: AsyncIterable<Omit<ManifestTable, 'kind'>>,
): AsyncGenerator<string, void, undefined> {
  yield line(manifestHead.safeParse({ kind: 'head', version: MANIFEST_VERSION, ...head }), 'the head');
  let count = 0;
  for await (const table of tables) {
    count += 1;
    yield line(manifestTable.safeParse({ kind: 'table', ...table }), `table ${count}`);
  }
  yield `${JSON.stringify({ kind: 'end', tables: count })}\n`;
}

function line(parsed: { readonly success: boolean; readonly data?: object }, what: string): string {
  const text = parsed.success ? `${JSON.stringify(parsed.data)}\n` : '';
  if (text === '' || Buffer.byteLength(text) > MAX_LINE_BYTES)
    throw new ArchiveError('MANIFEST_BROKEN', `${what} does not fit into a manifest`);
  return text;
}
