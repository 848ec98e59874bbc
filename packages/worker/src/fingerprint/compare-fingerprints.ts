import type { Finding } from '@safekeep/shared/contracts/finding';
import type { Fingerprint, ObjectMark } from './fingerprint.js';

export interface Comparison {
  /** The first differences, at most MAX_FINDINGS. */
  readonly findings: readonly Finding[];
  /** How many differences there are. */
  readonly differences: number;
  /** What could not be compared and why, in sentences. */
  readonly notCompared: readonly string[];
}

export const MAX_FINDINGS = 100;

/**
 * Compares what a backup's sidecar says with what its restored copy holds. Rows and contents come first. Where major
 * versions differ, definitions count as there or not there: each version prints them in words of its own.
 *
 * @param unmade names of policies that could not be made because the copy's server lacks the roles they name
 */
export function compareFingerprints(
  expected: Fingerprint,
  actual: Fingerprint,
  unmade: ReadonlySet<string> = new Set(),
): Comparison {
  const sameMajor = majorOf(expected.serverVersion) === majorOf(actual.serverVersion);
  const all = [
    ...compareTables(expected, actual),
    ...compareLargeObjects(expected, actual),
    ...compareSequences(expected, actual),
    ...compareExtensions(expected, actual),
    ...compareObjects(expected, actual, sameMajor),
  ];
  // A table that is missing is missing as a definition, too.
  const distinct = [...new Map(all.map((one) => [`${one.kind} ${one.object}`, one])).values()].filter(
    ({ kind, object, actual: copy }) => kind !== 'policy' || copy !== null || !unmade.has(object),
  );
  return {
    findings: distinct.slice(0, MAX_FINDINGS),
    differences: distinct.length,
    notCompared: [
      ...notCompared(expected, actual, sameMajor),
      ...[...unmade].map((name) => `The policy ${name}: the copy's server lacks a role that it names.`),
    ],
  };
}

function compareTables(expected: Fingerprint, actual: Fingerprint): Finding[] {
  const found = new Map(actual.tables.map((table) => [keyOf(table), table]));
  return expected.tables.flatMap((table): Finding[] => {
    const object = titleOf(table);
    const copy = found.get(keyOf(table));
    if (copy === undefined) return [{ kind: 'table', object, expected: 'there', actual: null }];
    if (copy.rows !== table.rows) return [{ kind: 'rows', object, expected: table.rows, actual: copy.rows }];
    if (differ(table.contentHash, copy.contentHash))
      return [{ kind: 'content', object, expected: 'the same values', actual: 'other values' }];
    if (differ(table.keyHash, copy.keyHash))
      return [{ kind: 'keys', object, expected: 'the same keys', actual: 'other keys' }];
    return [];
  });
}

/** What one side does not know makes no difference. */
function differ(wanted: string | undefined, got: string | undefined): boolean {
  return wanted !== undefined && got !== undefined && wanted !== got;
}

function compareLargeObjects(expected: Fingerprint, actual: Fingerprint): Finding[] {
  const [wanted, got] = [expected.largeObjects, actual.largeObjects];
  const finding = { kind: 'large-objects', object: 'large objects' } as const;
  if (wanted.count !== got.count) return [{ ...finding, expected: wanted.count, actual: got.count }];
  if (wanted.hash === null || got.hash === null || wanted.hash === got.hash) return [];
  return [{ ...finding, expected: 'the same bytes', actual: 'other bytes' }];
}

function compareSequences(expected: Fingerprint, actual: Fingerprint): Finding[] {
  const found = new Map(actual.sequences?.map((sequence) => [keyOf(sequence), sequence]));
  return (expected.sequences ?? []).flatMap((sequence): Finding[] => {
    const copy = found.get(keyOf(sequence));
    const [wanted, got] = [positionOf(sequence), copy === undefined ? null : positionOf(copy)];
    if (wanted === got) return [];
    return [{ kind: 'sequence', object: titleOf(sequence), expected: wanted, actual: got }];
  });
}

/** `pg_dump` names no version: the copy gets what its server has, so only an absent extension is a difference. */
function compareExtensions(expected: Fingerprint, actual: Fingerprint): Finding[] {
  const found = new Set(actual.extensions?.map((extension) => extension.name));
  return (expected.extensions ?? [])
    .filter((extension) => !found.has(extension.name))
    .map(({ name, version }) => ({ kind: 'extension', object: name, expected: version, actual: null }));
}

function compareObjects(expected: Fingerprint, actual: Fingerprint, sameMajor: boolean): Finding[] {
  if (expected.objects === null || actual.objects === null) return [];
  const [wanted, got] = [byName(expected.objects), byName(actual.objects)];
  const missing = [...wanted].flatMap(([key, marks]): Finding[] => {
    const { kind, name: object } = marks[0] as ObjectMark;
    const copies = got.get(key);
    if (copies === undefined) return [{ kind, object, expected: 'there', actual: null }];
    if (!sameMajor || hashesOf(marks) === hashesOf(copies)) return [];
    return [{ kind, object, expected: 'the same definition', actual: 'another definition' }];
  });
  // Another version may make things of its own, such as triggers of partitions that an older one hid.
  if (!sameMajor) return missing;
  const more = [...got].flatMap(([key, marks]): Finding[] => {
    const { kind, name: object } = marks[0] as ObjectMark;
    return wanted.has(key) ? [] : [{ kind, object, expected: null, actual: 'there' }];
  });
  return [...missing, ...more];
}

/** Two things may share one unquoted name; they are then compared together. */
function byName(marks: readonly ObjectMark[]): Map<string, ObjectMark[]> {
  const groups = new Map<string, ObjectMark[]>();
  for (const mark of marks) {
    const key = `${mark.kind} ${mark.name}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [mark]);
    else group.push(mark);
  }
  return groups;
}

function hashesOf(marks: readonly ObjectMark[]): string {
  return marks
    .map((mark) => mark.hash)
    .sort()
    .join();
}

function notCompared(expected: Fingerprint, actual: Fingerprint, sameMajor: boolean): string[] {
  const sentences: string[] = [];
  if (expected.keyHashCanary !== null && expected.keyHashCanary !== actual.keyHashCanary) {
    const tables = expected.tables.filter((table) => table.keyHash !== undefined).length;
    if (tables > 0)
      sentences.push(
        `The keys of ${tables} table(s) that changed row by row: the copy's server hashes otherwise. The increment compared their rows while it was applied.`,
      );
  }
  if (expected.tables.some((table) => table.contentHash === undefined && table.keyHash === undefined)) {
    sentences.push(
      'Contents, sequences, extensions and definitions: this backup was made without a fingerprint; only rows were compared.',
    );
  } else if (expected.objects === null || actual.objects === null) {
    sentences.push('Definitions: there are too many for the sidecar.');
  } else if (!sameMajor) {
    sentences.push(
      `The text of definitions: the source was PostgreSQL ${majorOf(expected.serverVersion)}, the copy is ${majorOf(actual.serverVersion)}; only their names were compared.`,
    );
  }
  for (const { name, version } of expected.extensions ?? []) {
    const copy = actual.extensions?.find((extension) => extension.name === name);
    if (copy !== undefined && copy.version !== version) {
      sentences.push(
        `The version of the extension ${name}: it was ${version}, the copy's server has ${copy.version}.`,
      );
    }
  }
  return sentences;
}

function majorOf(version: string): string {
  return version.split('.')[0] ?? version;
}

function keyOf(thing: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([thing.schema, thing.name]);
}

function titleOf(thing: { readonly schema: string; readonly name: string }): string {
  return `${thing.schema}.${thing.name}`;
}

function positionOf(sequence: { readonly lastValue: string; readonly isCalled: boolean }): string {
  return sequence.isCalled ? sequence.lastValue : `${sequence.lastValue} (not used yet)`;
}
