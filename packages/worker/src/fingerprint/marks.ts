import { keyedHash } from '@safekeep/archive/fingerprint-key';
import type { LargeObjectContents } from '../postgres/large-object-contents.js';
import type { ObjectDefinition } from '../postgres/object-definitions.js';
import type { TableContent } from '../postgres/table-contents.js';
import type { ObjectMark, TableMark } from './fingerprint.js';
import { normalizeDefinition } from './normalize-definition.js';

/** What a sidecar keeps of a table's content: hashes under the fingerprint's key (docs/BACKUP_FORMAT.md). */
export function markTable(content: TableContent, key: Buffer): Required<TableMark> {
  const { schema, name, rows, columns, sum } = content;
  return { schema, name, rows, contentHash: keyedHash(key, [schema, name, [...columns], rows, sum], 16) };
}

/** What a sidecar keeps of a table's keys, of whose hashes these are the two sums. */
export function markKeys(
  { schema, name, rows }: TableMark,
  sums: readonly [string, string],
  key: Buffer,
): string {
  return keyedHash(key, ['keys', schema, name, rows, ...sums], 16);
}

export function markLargeObjects({ count, sum }: LargeObjectContents, key: Buffer): string {
  return keyedHash(key, ['large objects', count, sum], 16);
}

export function markObject({ kind, name, definition }: ObjectDefinition, key: Buffer): ObjectMark {
  // What PostgreSQL prints again from its own form is normalized; a function's text is kept as it was written.
  const text = kind === 'function' ? definition : normalizeDefinition(definition);
  return { kind, name, hash: keyedHash(key, [kind, name, text], 8) };
}
