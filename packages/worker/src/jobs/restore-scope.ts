import { chooseTables } from '@safekeep/archive/choose-tables';
import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import type { Restore } from '@safekeep/shared/contracts/restore';
import type { CheckedBackup } from './checked-backup.js';
import type { ExpectedCopy } from './compare-copy.js';

/** What of a backup is restored, and what the copy must then hold. */
export interface RestoreScope {
  readonly entries: readonly TocEntry[];
  /** `null` for all. */
  readonly dumpIds: readonly number[] | null;
  readonly expected: ExpectedCopy;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** How many names a warning lists. */
const NAMED = 20;

export function scopeOf({ tables }: Pick<Restore, 'tables'>, backup: CheckedBackup): RestoreScope {
  const { entries } = backup.toc;
  const { sidecar } = backup;
  if (tables === null) {
    const subscriptions = entries.filter((entry) => entry.desc === 'SUBSCRIPTION').map(nameOf);
    return {
      entries,
      dumpIds: null,
      expected: { tables: sidecar.tables, largeObjects: sidecar.largeObjects },
      problems: [],
      warnings:
        subscriptions.length === 0 ? [] : [`left out, for a copy must not receive: ${some(subscriptions)}`],
    };
  }
  const choice = chooseTables(entries, tables);
  if ('problems' in choice) {
    const problems = choice.problems.map(({ name, matches }) =>
      matches === 0
        ? `the backup has no table ${name} (write schema.table as in the catalogue, without quotes)`
        : `the backup has ${matches} tables named ${name}: write schema.table`,
    );
    return { entries: [], dumpIds: [], expected: { tables: [], largeObjects: null }, problems, warnings: [] };
  }
  const chosen = new Set(choice.tables.map((table) => JSON.stringify([table.schema, table.name])));
  const warnings = [
    `only ${choice.tables.length} of ${sidecar.tables.length} table(s) were restored, with what they need; views, other tables and large objects were left out`,
  ];
  if (choice.definitionsOnly.length > 0)
    warnings.push(
      `without their rows, because others need them: ${some(choice.definitionsOnly.map(nameOf))}`,
    );
  if (choice.leftOut.length > 0)
    warnings.push(`left out, because they need what was not chosen: ${some(choice.leftOut.map(nameOf))}`);
  return {
    entries: choice.entries,
    dumpIds: choice.entries.map((entry) => entry.dumpId),
    expected: {
      tables: sidecar.tables.filter(({ schema, name }) => chosen.has(JSON.stringify([schema, name]))),
      largeObjects: null,
    },
    problems: [],
    warnings,
  };
}

function nameOf(entry: TocEntry): string {
  return `${entry.desc} ${entry.namespace === null ? '' : `${entry.namespace}.`}${entry.tag}`;
}

function some(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${names.slice(0, NAMED).join(', ')}${more}`;
}
