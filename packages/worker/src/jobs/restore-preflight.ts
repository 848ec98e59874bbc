import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import type { Sidecar } from '@safekeep/archive/sidecar';
import { unquote } from '../postgres/globals-script.js';
import type { TargetFacts } from '../postgres/target-facts.js';

/** What is to be restored where, as far as it can be known before anything is touched. */
export interface RestorePlan {
  readonly database: string;
  readonly sidecar: Pick<Sidecar, 'database' | 'encoding' | 'postgresVersion'> & {
    readonly snapshot: Pick<Sidecar['snapshot'], 'systemIdentifier'>;
  };
  /** Whether an increment is applied, which compares texts as bytes and so needs the source's encoding. */
  readonly incremental: boolean;
  /** The entries that are to be restored. */
  readonly entries: readonly Pick<TocEntry, 'desc' | 'tag' | 'owner' | 'defn'>[];
  /** The comment of a database that an earlier attempt of this very restore left half-made begins so. */
  readonly mark: string;
  /** Whether owners, and the roles that lack, are asked for; `roles` are those of the companion. */
  readonly withRoles: boolean;
  readonly roles: readonly string[];
  readonly withGrants: boolean;
  /** Whether the URLs of source and target lead to one server. */
  readonly onSourceServer: boolean;
  /** The history's database, when it is on the target's server. */
  readonly historyDatabase: string | null;
}

export interface Judgement {
  /** What forbids the restore, each with its remedy. */
  readonly problems: readonly string[];
  /** What people should know. */
  readonly warnings: readonly string[];
}

/** Whether the target may be restored to; tells everything at once. */
export function judgeTarget(plan: RestorePlan, facts: TargetFacts): Judgement {
  const problems = [
    ...nameProblems(plan, facts),
    ...databaseProblems(plan, facts),
    ...extensionProblems(plan, facts),
    ...roleProblems(plan, facts),
  ];
  return { problems, warnings: [...versionWarnings(plan, facts), SPACE_UNKNOWN] };
}

const SPACE_UNKNOWN =
  'how much room the server has is not known: PostgreSQL does not tell; look there before a large restore';

function nameProblems(plan: RestorePlan, facts: TargetFacts): string[] {
  if (plan.database === plan.historyDatabase) {
    return ['it is the database of the history; restore into another one'];
  }
  const sameCluster =
    plan.onSourceServer ||
    (facts.systemIdentifier !== null && facts.systemIdentifier === plan.sidecar.snapshot.systemIdentifier);
  // A source that was lost may come back under its name.
  if (sameCluster && plan.database === plan.sidecar.database && facts.existing !== null) {
    return [
      'it is the database of the source itself, and it exists; restore into another one, and rename both when the copy is right',
    ];
  }
  return [];
}

function databaseProblems({ mark, sidecar, incremental }: RestorePlan, facts: TargetFacts): string[] {
  const { existing } = facts;
  if (existing === null || existing.mark.startsWith(mark)) {
    if (facts.mayCreateDatabases) return [];
    return [
      `the role ${facts.role} may not create databases: ALTER ROLE … CREATEDB, or create it empty yourself and ask again`,
    ];
  }
  const problems: string[] = [];
  if (existing.contents.length > 0) {
    problems.push(
      `the database exists and holds ${existing.contents.join(', ')}: name one that does not exist or is empty; Safekeep never restores over data`,
    );
  }
  const wanted = sidecar.encoding;
  const converts = existing.encoding === 'UTF8' && !incremental;
  if (wanted !== undefined && existing.encoding !== wanted && !converts) {
    problems.push(
      `the database exists with the encoding ${existing.encoding}, the source has ${wanted}: create it with ENCODING '${wanted}' TEMPLATE template0`,
    );
  }
  return problems;
}

function extensionProblems({ entries }: RestorePlan, facts: TargetFacts): string[] {
  const missing = entries
    .filter((entry) => entry.desc === 'EXTENSION' && !facts.extensions.has(entry.tag))
    .map((entry) => entry.tag);
  if (missing.length === 0) return [];
  return [`the server lacks the extension(s) ${missing.join(', ')}: install their packages there`];
}

function roleProblems(plan: RestorePlan, facts: TargetFacts): string[] {
  const problems: string[] = [];
  const there = new Set(facts.roles);
  if (plan.withRoles) {
    const made = plan.roles.filter((role) => !there.has(role));
    if (made.length > 0 && !facts.mayCreateRoles) {
      problems.push(
        `the role ${facts.role} may not create the missing role(s) ${some(made)}: ALTER ROLE … CREATEROLE, or create them yourself`,
      );
    }
    for (const role of made) there.add(role);
    const owners = plan.entries.flatMap(({ owner }) => (owner === null || owner === '' ? [] : [owner]));
    const missing = [...new Set(owners)].filter((owner) => !there.has(owner));
    if (missing.length > 0)
      problems.push(`the owner(s) ${some(missing)} do not exist: create the roles first`);
  }
  if (plan.withGrants) {
    const missing = grantees(plan.entries).filter((role) => !there.has(role));
    if (missing.length > 0) {
      problems.push(
        `privileges are for the role(s) ${some(missing)}, which do not exist: ask with roles as well, or create them first`,
      );
    }
  }
  return problems;
}

/** Roles that privileges are granted to; a REVOKE needs its role as well. */
function grantees(entries: RestorePlan['entries']): string[] {
  const names = entries
    .filter(({ desc }) => desc === 'ACL' || desc === 'DEFAULT ACL')
    .flatMap(({ defn }) => [
      ...(defn ?? '').matchAll(/ (?:TO|FROM) ("(?:[^"]|"")+"|\w+)(?: WITH GRANT OPTION)?;$/gm),
      ...(defn ?? '').matchAll(/^ALTER DEFAULT PRIVILEGES FOR ROLE ("(?:[^"]|"")+"|\w+)/gm),
    ])
    .map(([, name = '']) => name);
  return [...new Set(names)].filter((name) => name !== 'PUBLIC').map(unquote);
}

function some(names: readonly string[]): string {
  const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return `${names.slice(0, 10).join(', ')}${more}`;
}

function versionWarnings({ sidecar }: RestorePlan, facts: TargetFacts): string[] {
  const [from, to] = [sidecar.postgresVersion, facts.serverVersion].map((text) => Number.parseInt(text, 10));
  if (from === undefined || to === undefined || to >= from) return [];
  return [
    `the server is PostgreSQL ${facts.serverVersion}, older than the source's ${sidecar.postgresVersion}: it may not know all that is in the backup`,
  ];
}
