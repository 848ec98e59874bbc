import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { fail } from '../errors.js';
import { errorCode } from '../logger.js';
import { MAKE_A_KEY } from './encryption-key.js';
import { notificationMistakes } from './notification-mistakes.js';
import { postgresUrlMistake } from './postgres-url.js';
import { type Environment, type EnvironmentName, environmentNames, environmentSchema } from './schema.js';
import { openEntry, readSourcesFile, type Source } from './sources.js';

/** Which process reads the environment; each has variables that it cannot work without. */
export type ProcessRole = 'api' | 'worker' | 'cli' | 'catalog' | 'emergency';

export type Config = Readonly<Environment> & {
  /** The names of the sources that may be asked for. */
  readonly sourceNames: readonly string[];
};

/** The configuration of one kind of process, with what that kind cannot do without. */
export type ConfigOf<Role extends ProcessRole> = Config & {
  readonly [Name in (typeof REQUIRED)[Role][number]]: NonNullable<Config[Name]>;
} & (Role extends RoleWithSources ? { readonly sources: readonly Source[] } : unknown);

/** These read the sources, so they need their URLs. */
type RoleWithSources = 'worker' | 'emergency';

type Variables = Readonly<Record<string, string | undefined>>;

const HOW_TO_SET: Partial<Record<EnvironmentName, string>> = {
  HISTORY_DATABASE_URL: 'set it to postgres://user:password@host:5432/safekeep_history',
  REDIS_URL: 'set it to redis://host:6379',
  BACKUP_ENCRYPTION_KEY: `${MAKE_A_KEY}, keep a copy outside this system`,
  JWT_SECRET: MAKE_A_KEY,
};

const REQUIRED = {
  api: ['HISTORY_DATABASE_URL', 'REDIS_URL', 'JWT_SECRET'],
  worker: ['HISTORY_DATABASE_URL', 'REDIS_URL', 'BACKUP_ENCRYPTION_KEY'],
  cli: ['HISTORY_DATABASE_URL', 'REDIS_URL'],
  catalog: ['HISTORY_DATABASE_URL', 'BACKUP_ENCRYPTION_KEY'],
  emergency: ['BACKUP_ENCRYPTION_KEY'],
} as const satisfies Record<ProcessRole, readonly EnvironmentName[]>;

/**
 * Reads and checks the whole environment for one kind of process. `X_FILE` gives the value of X from a file, less one
 * trailing newline; an empty variable counts as not set.
 *
 * @throws SafekeepError CONFIG_INVALID that names every mistake at once, each with its remedy and without any value.
 */
export function loadConfig<Role extends ProcessRole>(variables: Variables, role: Role): ConfigOf<Role> {
  const problems: string[] = [];
  const values = resolveFiles(variables, problems);
  for (const name of REQUIRED[role]) {
    if (values[name] === undefined && !hasProblem(problems, name)) {
      problems.push(`${name} is missing: ${HOW_TO_SET[name]}`);
    }
  }
  const parsed = environmentSchema.safeParse(values);
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0]);
    if (values[name as EnvironmentName] !== undefined) problems.push(`${name}: ${issue.message}`);
  }
  const reads = role === 'worker' || role === 'emergency';
  const sources = reads ? { sources: readSources(values, problems) } : {};
  problems.push(...notificationMistakes(values));
  const sourceNames = sources.sources?.map((source) => source.name) ?? readSourceNames(values, problems);
  if (!parsed.success || problems.length > 0) {
    const list = problems.map((problem) => `  - ${problem}`).join('\n');
    throw fail('CONFIG_INVALID', { count: problems.length, problems: list });
  }
  const config: Config = Object.freeze({ ...parsed.data, sourceNames, ...sources });
  return config as ConfigOf<Role>;
}

function resolveFiles(variables: Variables, problems: string[]): Partial<Record<EnvironmentName, string>> {
  const values: Partial<Record<EnvironmentName, string>> = {};
  for (const name of environmentNames) {
    const direct = variables[name] || undefined;
    const path = variables[`${name}_FILE`] || undefined;
    if (direct !== undefined && path !== undefined) {
      problems.push(`${name} and ${name}_FILE are both set: keep one of them`);
    } else if (path !== undefined) {
      const content = readValue(path);
      if ('value' in content) values[name] = content.value;
      else problems.push(`${name}_FILE: ${content.mistake}`);
    } else if (direct !== undefined) {
      values[name] = direct;
    }
  }
  return values;
}

/** The path is not quoted: a secret may have been put in its place. */
function readValue(path: string): { value: string } | { mistake: string } {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    return { mistake: `the file cannot be read (${errorCode(error)}); check path and permissions` };
  }
  // Bytes that are replaced in decoding would make another passphrase than the one openssl reads from the file.
  if (!isUtf8(bytes)) return { mistake: 'the file is not text in UTF-8' };
  const value = bytes.toString('utf8').replace(/\r?\n$/, '');
  return value === '' ? { mistake: 'the file is empty' } : { value };
}

function hasProblem(problems: readonly string[], name: string): boolean {
  return problems.some((problem) => problem.startsWith(name));
}

/** API and command line ask for sources by name and need no right to read them, so no URL is looked at. */
function readSourceNames(values: Partial<Record<EnvironmentName, string>>, problems: string[]): string[] {
  const { SOURCES_FILE: file, SOURCE_DATABASE_URL: main } = values;
  const names = file === undefined ? [] : readSourcesFile(file, problems).map((entry) => entry.name);
  if (main !== undefined || file === undefined) names.unshift('main');
  refuseDuplicates(names, problems);
  return names;
}

function readSources(values: Partial<Record<EnvironmentName, string>>, problems: string[]): Source[] {
  const entries = values.SOURCES_FILE === undefined ? [] : readSourcesFile(values.SOURCES_FILE, problems);
  const sources = entries.flatMap((entry) => openEntry(entry, problems));
  const main = environmentSchema.shape.SOURCE_DATABASE_URL.safeParse(values.SOURCE_DATABASE_URL);
  if (main.data !== undefined) sources.unshift({ name: 'main', url: main.data });
  if (
    sources.length === 0 &&
    values.SOURCE_DATABASE_URL === undefined &&
    !hasProblem(problems, 'SOURCE_DATABASE_URL') &&
    !hasProblem(problems, 'SOURCES_FILE')
  ) {
    problems.push('SOURCE_DATABASE_URL is missing: set it to postgres://user:password@host:5432/database');
  }
  refuseDuplicates(
    sources.map((source) => source.name),
    problems,
  );
  refuseHistoryAsSource(sources, values.HISTORY_DATABASE_URL, problems);
  return sources;
}

function refuseDuplicates(names: readonly string[], problems: string[]): void {
  for (const name of new Set(names.filter((name, at) => names.indexOf(name) !== at))) {
    problems.push(`SOURCES_FILE: the source "${name}" is named twice; \`main\` is SOURCE_DATABASE_URL`);
  }
}

/** A history that lives in the database it describes is lost together with it. */
function refuseHistoryAsSource(
  sources: readonly Source[],
  history: string | undefined,
  problems: string[],
): void {
  for (const source of sources) {
    if (history !== undefined && sameDatabase(history, source.url.reveal())) {
      problems.push(
        `HISTORY_DATABASE_URL is the database of source "${source.name}": give history a database of its own`,
      );
    }
  }
}

function sameDatabase(left: string, right: string): boolean {
  if (postgresUrlMistake(left) !== null || postgresUrlMistake(right) !== null) return false;
  const [a, b] = [new URL(left), new URL(right)];
  const sameServer =
    a.hostname.toLowerCase() === b.hostname.toLowerCase() && (a.port || '5432') === (b.port || '5432');
  return sameServer && decodeURIComponent(a.pathname) === decodeURIComponent(b.pathname);
}
