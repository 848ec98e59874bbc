import { STAGING_SCHEMA } from '@safekeep/archive/compare-contents';
import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import type { CheckedBackup } from './checked-backup.js';
import type { IncrementScope } from './restore-chain.js';

interface Table {
  readonly schema: string;
  readonly name: string;
}

/** What of an increment is applied where only some tables of its base were restored: all but what is staged for others. */
export function incrementScope({ sidecar, toc }: CheckedBackup, tables: readonly Table[]): IncrementScope {
  const chosen = new Set(tables.map(keyOf));
  const others = new Set(
    (sidecar.delta?.changed ?? []).flatMap((table, at) =>
      chosen.has(keyOf(table)) ? [] : [`r${at}`, `k${at}`],
    ),
  );
  const isOthers = ({ namespace, tag }: TocEntry) => namespace === STAGING_SCHEMA && others.has(tag);
  return {
    dumpIds: toc.entries.filter((entry) => !isOthers(entry)).map((entry) => entry.dumpId),
    tables: tables.map(({ schema, name }) => [schema, name]),
  };
}

function keyOf({ schema, name }: Table): string {
  return JSON.stringify([schema, name]);
}
