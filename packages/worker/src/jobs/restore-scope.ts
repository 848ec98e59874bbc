import { chooseTables, type TableChoice } from '@safekeep/archive/choose-tables';
import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import type { Restore } from '@safekeep/shared/contracts/restore';
import { expectedFingerprint, type Fingerprint } from '../fingerprint/fingerprint.js';
import type { CheckedChain } from './checked-chain.js';
import { incrementScope, problemOf } from './increment-scope.js';
import { type ChainScope, WHOLE } from './restore-chain.js';

/** What of a backup is restored, and what the copy must then hold. */
export interface RestoreScope extends ChainScope {
  /** Of the full. */
  readonly entries: readonly TocEntry[];
  readonly expected: Fingerprint;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** How many names a warning lists. */
const NAMED = 20;

export function scopeOf({ tables }: Pick<Restore, 'tables'>, chain: CheckedChain): RestoreScope {
  const { entries } = chain.full.toc;
  const { sidecar } = chain;
  const whole = expectedFingerprint(sidecar);
  if (tables === null) {
    const subscriptions = entries.filter((entry) => entry.desc === 'SUBSCRIPTION').map(nameOf);
    return {
      entries,
      ...WHOLE,
      expected: whole,
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
    return { entries: [], dumpIds: [], increment: null, expected: whole, problems, warnings: [] };
  }
  const warnings = [
    `only ${choice.tables.length} of ${sidecar.tables.length} table(s) were restored, with what they need; views, other tables and large objects were left out`,
  ];
  if (choice.definitionsOnly.length > 0)
    warnings.push(
      `without their rows, because others need them: ${some(choice.definitionsOnly.map(nameOf))}`,
    );
  if (choice.leftOut.length > 0)
    warnings.push(`left out, because they need what was not chosen: ${some(choice.leftOut.map(nameOf))}`);
  const increment = chain.increment === null ? null : incrementScope(chain.increment, choice.tables);
  const problem = increment === null ? null : problemOf(increment);
  return {
    entries: choice.entries,
    dumpIds: choice.entries.map((entry) => entry.dumpId),
    increment,
    expected: partOf(whole, choice),
    problems: problem === null ? [] : [problem],
    warnings,
  };
}

/** Definitions are not compared: the sidecar does not tell which belong to which table. */
function partOf(whole: Fingerprint, { entries, tables }: TableChoice): Fingerprint {
  const chosen = new Set(tables.map(keyOf));
  const sequences = entries.filter((entry) => entry.desc === 'SEQUENCE SET');
  const set = new Set(sequences.map(({ namespace, tag }) => keyOf({ schema: namespace ?? '', name: tag })));
  return {
    serverVersion: whole.serverVersion,
    tables: whole.tables.filter((table) => chosen.has(keyOf(table))),
    keyHashCanary: whole.keyHashCanary,
    largeObjects: { count: 0, hash: null },
    sequences: whole.sequences?.filter((sequence) => set.has(keyOf(sequence))) ?? null,
    extensions: null,
    objects: null,
  };
}

function keyOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}

function nameOf(entry: TocEntry): string {
  return `${entry.desc} ${entry.namespace === null ? '' : `${entry.namespace}.`}${entry.tag}`;
}

function some(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${names.slice(0, NAMED).join(', ')}${more}`;
}
