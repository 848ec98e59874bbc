import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import type { SequenceValue } from '../postgres/sequence-values.js';

const SETVAL = /\bsetval\(.*, (-?\d+), (true|false)\);\s*$/s;

/**
 * What an archive sets sequences to. A sequence belongs to no snapshot: reading it again a moment later gives another
 * number, so the archive itself says which one its copy must have. Names that were not written in UTF-8 are left out.
 */
export function archivedSequences(entries: readonly TocEntry[]): SequenceValue[] {
  return entries.flatMap(({ desc, defn, namespace, tag }) => {
    if (desc !== 'SEQUENCE SET' || namespace === null || `${namespace}${tag}`.includes('\uFFFD')) return [];
    const found = SETVAL.exec(defn ?? '');
    if (found === null) return [];
    return [{ schema: namespace, name: tag, lastValue: found[1] ?? '', isCalled: found[2] === 'true' }];
  });
}
