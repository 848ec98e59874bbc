import type { TocEntry } from './custom-format/toc.js';

/** What a restore of some tables takes from an archive, and what it does not. */
export interface TableChoice {
  /** Entries to restore, in the archive's order. */
  readonly entries: readonly TocEntry[];
  /** Tables whose rows are restored. */
  readonly tables: readonly { readonly schema: string; readonly name: string }[];
  /** Tables that others need (a parent, a function's): their definition comes, their rows do not. */
  readonly definitionsOnly: readonly TocEntry[];
  /** What belongs to a chosen table and needs one that was not chosen, such as a foreign key. */
  readonly leftOut: readonly TocEntry[];
}

/** Names that name no table, or more than one. */
interface ChoiceProblem {
  readonly name: string;
  readonly matches: number;
}

/** What comes with the object that it depends on; views, publications and other tables do not. */
const BELONGS = new Set([
  'TABLE DATA',
  'TABLE ATTACH',
  'SEQUENCE',
  'SEQUENCE OWNED BY',
  'SEQUENCE SET',
  'DEFAULT',
  'CONSTRAINT',
  'CHECK CONSTRAINT',
  'FK CONSTRAINT',
  'INDEX',
  'INDEX ATTACH',
  'TRIGGER',
  'RULE',
  'POLICY',
  'ROW SECURITY',
  'STATISTICS',
  'STATISTICS DATA',
  'COMMENT',
  'ACL',
  'SECURITY LABEL',
]);

/**
 * Chooses the entries of some tables: `name` or `schema.name`, as they are written in the catalogue, without quotes. A
 * partitioned table comes with its partitions. What a chosen table needs comes as well (schema, types, functions,
 * sequences), and what belongs to it (rows, indexes, constraints, triggers …), as far as it needs no other table.
 */
export function chooseTables(
  all: readonly TocEntry[],
  names: readonly string[],
): TableChoice | { readonly problems: readonly ChoiceProblem[] } {
  const archive = new Dependencies(all);
  const matches = names.map((name) => ({ name, found: all.filter((entry) => isCalled(entry, name)) }));
  const problems = matches.filter(({ found }) => found.length !== 1);
  if (problems.length > 0)
    return { problems: problems.map(({ name, found }) => ({ name, matches: found.length })) };
  const chosen = archive.withPartitions(matches.flatMap(({ found }) => found.map((entry) => entry.dumpId)));
  const taken = archive.takeAll(chosen);
  const entries = all.filter((entry) => taken.has(entry.dumpId));
  return {
    entries,
    tables: entries.filter((entry) => entry.desc === 'TABLE DATA').map(tableOf),
    definitionsOnly: entries.filter((entry) => entry.desc === 'TABLE' && !chosen.has(entry.dumpId)),
    leftOut: all.filter(
      (entry) =>
        !taken.has(entry.dumpId) &&
        !entry.desc.startsWith('TABLE') &&
        entry.dependencies.some((id) => chosen.has(id)),
    ),
  };
}

function isCalled(entry: TocEntry, name: string): boolean {
  return entry.desc === 'TABLE' && (entry.tag === name || `${entry.namespace}.${entry.tag}` === name);
}

function tableOf(entry: TocEntry): { schema: string; name: string } {
  return { schema: entry.namespace ?? '', name: entry.tag };
}

class Dependencies {
  readonly #byId: ReadonlyMap<number, TocEntry>;
  readonly #dependants = new Map<number, TocEntry[]>();
  /** Pairs that are tied by an entry of their own, such as a partition and its parent: neither needs the other. */
  readonly #tied = new Set<string>();

  constructor(all: readonly TocEntry[]) {
    this.#byId = new Map(all.map((entry) => [entry.dumpId, entry]));
    for (const entry of all) {
      for (const id of entry.dependencies) {
        const others = this.#dependants.get(id);
        if (others === undefined) this.#dependants.set(id, [entry]);
        else others.push(entry);
      }
      if (entry.desc.endsWith(' ATTACH')) this.#tie(entry.dependencies);
    }
  }

  /** Adds the partitions of partitioned tables, and theirs. */
  withPartitions(ids: readonly number[]): Set<number> {
    const chosen = new Set(ids);
    for (const id of chosen) {
      const attached = this.#dependantsOf(id).filter((entry) => entry.desc === 'TABLE ATTACH');
      for (const { dependencies } of attached) {
        for (const other of dependencies) if (this.#isPartition(other, id)) chosen.add(other);
      }
    }
    return chosen;
  }

  /** The chosen tables with what they need, and what belongs to any of it and needs no other table. */
  takeAll(chosen: ReadonlySet<number>): Set<number> {
    const taken = new Set<number>();
    const open = [...chosen];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      const entry = this.#byId.get(id);
      if (entry === undefined || taken.has(id)) continue;
      taken.add(id);
      open.push(...entry.dependencies.filter((needed) => !this.#tied.has(pair(entry.dumpId, needed))));
      if (entry.desc === 'TABLE' && !chosen.has(id)) continue;
      const belonging = this.#dependantsOf(id).filter((other) => this.#belongs(other, chosen));
      open.push(...belonging.map((other) => other.dumpId));
    }
    return taken;
  }

  #belongs(entry: TocEntry, chosen: ReadonlySet<number>): boolean {
    const needsOther = (id: number) => this.#byId.get(id)?.desc === 'TABLE' && !chosen.has(id);
    return BELONGS.has(entry.desc) && !entry.dependencies.some(needsOther);
  }

  /** A table that is tied to `parent` and depends on it. */
  #isPartition(id: number, parent: number): boolean {
    const entry = this.#byId.get(id);
    return entry?.desc === 'TABLE' && entry.dependencies.includes(parent);
  }

  #dependantsOf(id: number): readonly TocEntry[] {
    return this.#dependants.get(id) ?? [];
  }

  #tie(ids: readonly number[]): void {
    for (const one of ids) for (const other of ids) if (one !== other) this.#tied.add(pair(one, other));
  }
}

function pair(from: number, to: number): string {
  return `${from} ${to}`;
}
