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
  // Staging tables are named by a letter and the number of their table in the sidecar.
  const isChosen = (number: string) => chosen.has(keyOf(sidecar.delta?.changed[Number(number)]));
  const isOthers = ({ namespace, tag }: TocEntry) => {
    const number = namespace === STAGING_SCHEMA ? /^[a-z](\d+)$/.exec(tag)?.[1] : undefined;
    return number !== undefined && !isChosen(number);
  };
  return {
    dumpIds: toc.entries.filter((entry) => !isOthers(entry)).map((entry) => entry.dumpId),
    only: settingOf(tables),
  };
}

/** A server takes at most 10,000 bytes with a login, in which other settings want their room. */
const MOST_BYTES = 8_000;

/** Why the tables cannot be told to the increment; `null` when they can. */
export function problemOf({ only }: IncrementScope): string | null {
  if (only.length <= MOST_BYTES) return null;
  return 'of an incremental so many tables cannot be chosen, counting partitions: ask for fewer at a time, or for all of it';
}

/** An option for PGOPTIONS, in ASCII: at a login no server knows in which encoding its client writes. */
function settingOf(tables: readonly Table[]): string {
  const names = JSON.stringify(tables.map(({ schema, name }) => [schema, name]));
  const ascii = names.replace(/[^ -~]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
  // What stands in PGOPTIONS is cut at white space, and a backslash takes the next sign as it is.
  return `-c safekeep.only=${ascii.replace(/[\\ ]/g, '\\$&')}`;
}

function keyOf(table: Table | undefined): string {
  return JSON.stringify([table?.schema, table?.name]);
}
