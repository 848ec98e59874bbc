import { ArchiveError } from './archive-error.js';
import {
  MANIFEST_VERSION,
  type ManifestHead,
  type ManifestTable,
  manifestEnd,
  manifestHead,
  manifestTable,
} from './manifest-schema.js';
import { MAX_LINE_BYTES } from './write-manifest.js';

/** Most tables of one manifest; beyond it the file was not written by Safekeep. */
const MAX_TABLES = 1_000_000;

/** A manifest whose head is known and whose tables are read one at a time. */
export interface OpenManifest {
  readonly head: ManifestHead;
  /**
   * To be taken once and to its end: that the manifest is whole is known only then. Who stops early has ended the stream.
   * Errors: MANIFEST_BROKEN and those of the stream.
   */
  readonly tables: AsyncGenerator<ManifestTable, void, undefined>;
}

/**
 * Begins to read a manifest's plain text. What is not a head, tables, and an end that counts them, each on a line of
 * bounded length, is refused; the text is believed only as far as the file's checksum in the authenticated sidecar is.
 * Errors: MANIFEST_BROKEN, and those of the stream.
 */
export async function openManifest(plain: AsyncIterable<Buffer>): Promise<OpenManifest> {
  const lines = splitLines(plain);
  try {
    const first = await lines.next();
    if (first.done === true) throw broken('it is empty');
    return { head: parseHead(first.value), tables: readTables(lines) };
  } catch (error) {
    await lines.return();
    throw error;
  }
}

async function* readTables(
  lines: AsyncGenerator<string, void, undefined>,
): AsyncGenerator<ManifestTable, void, undefined> {
  const seen = new Set<number>();
  const names = new Set<string>();
  try {
    for await (const text of lines) {
      const value = parseJson(text);
      const end = manifestEnd.safeParse(value);
      if (end.success) {
        if (end.data.tables !== seen.size) throw broken('its end counts other tables than it has');
        if ((await lines.next()).done !== true) throw broken('there is more behind its end');
        return;
      }
      const table = conform(manifestTable, value, `table ${seen.size + 1}`);
      const name = JSON.stringify([table.schema, table.name]);
      if (seen.has(table.oid) || names.has(name)) throw broken('a table occurs twice');
      if (seen.size >= MAX_TABLES) throw broken(`it has more than ${MAX_TABLES} tables`);
      seen.add(table.oid);
      names.add(name);
      yield table;
    }
    throw broken('it has no end');
  } finally {
    await lines.return();
  }
}

function parseHead(text: string): ManifestHead {
  const value = parseJson(text);
  const version =
    typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined;
  if (version !== MANIFEST_VERSION) throw broken(`its version is not ${MANIFEST_VERSION}`);
  return conform(manifestHead, value, 'its head');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without the parser's own message, which quotes the text: bounds are keys of rows.
    throw broken('a line is no JSON');
  }
}

interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: Problem };
}
interface Problem {
  readonly issues: readonly { readonly path: readonly PropertyKey[] }[];
}

function conform<T>(schema: Schema<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const paths = result.error.issues.slice(0, 5).map((issue) => issue.path.join('.') || 'itself');
  throw broken(`${what} breaks the schema at ${paths.join(', ')}`);
}

/** Lines of UTF-8, without their ends; the last one must have an end, too. */
async function* splitLines(plain: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  for await (const buffer of plain) {
    for (let at = 0; at < buffer.length; ) {
      const end = buffer.indexOf(0x0a, at);
      const piece = buffer.subarray(at, end === -1 ? undefined : end);
      bytes += piece.length;
      if (bytes > MAX_LINE_BYTES) throw broken(`a line is longer than ${MAX_LINE_BYTES} bytes`);
      pieces.push(piece);
      if (end === -1) break;
      yield Buffer.concat(pieces).toString('utf8');
      pieces = [];
      bytes = 0;
      at = end + 1;
    }
  }
  if (bytes > 0) throw broken('it ends inside a line');
}

function broken(detail: string): ArchiveError {
  return new ArchiveError('MANIFEST_BROKEN', `the manifest is broken: ${detail}`);
}
