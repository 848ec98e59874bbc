import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { errorCode } from '../logger.js';
import { postgresUrlMistake } from './postgres-url.js';
import { Secret } from './secret.js';

/** A PostgreSQL database that is backed up. */
export interface Source {
  /** Short name; `main` is the one of SOURCE_DATABASE_URL. */
  readonly name: string;
  readonly url: Secret;
}

/** Names become folder names below BACKUP_DIR, so they are kept plain. */
export const sourceName = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,31}$/,
    'a source name has 1 to 32 of a-z, 0-9, _ and -, and starts with a letter',
  );

/** The folder of reports beside the folders of sources, so no source has its name. */
export const REPORTS_FOLDER = 'reports';

const RESERVED = new Set([REPORTS_FOLDER]);

const sourcesFile = z.array(
  z
    .strictObject({ name: sourceName, url: z.string().optional(), urlFile: z.string().optional() })
    .refine(
      (entry) => (entry.url === undefined) !== (entry.urlFile === undefined),
      'give either url or urlFile',
    ),
);

/** An entry of SOURCES_FILE, its form checked and its URL not looked at. */
type SourceEntry = z.infer<typeof sourcesFile>[number];

/**
 * Reads SOURCES_FILE. Every mistake is pushed to `problems` as one sentence; none of them quotes a URL.
 */
export function readSourcesFile(path: string, problems: string[]): SourceEntry[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason =
      error instanceof SyntaxError ? 'is not valid JSON' : `cannot be read (${errorCode(error)})`;
    problems.push(`SOURCES_FILE: the file ${reason}; it needs [{"name":"lab","url":"postgres://…"}]`);
    return [];
  }
  const result = sourcesFile.safeParse(parsed);
  if (!result.success) {
    for (const issue of result.error.issues) {
      problems.push(`SOURCES_FILE: ${issue.path.join('.') || 'the file'}: ${issue.message}`);
    }
    return [];
  }
  return result.data.filter((entry) => {
    if (!RESERVED.has(entry.name)) return true;
    problems.push(
      `SOURCES_FILE: the name "${entry.name}" is reserved for a folder of BACKUP_DIR; choose another`,
    );
    return false;
  });
}

/** The source of an entry, or nothing when its URL cannot be used; `problems` then says why, without quoting it. */
export function openEntry(entry: SourceEntry, problems: string[]): Source[] {
  try {
    const url = entry.url ?? readFileSync(entry.urlFile as string, 'utf8').trim();
    const weakness = postgresUrlMistake(url);
    if (weakness === null) return [{ name: entry.name, url: new Secret(url) }];
    problems.push(`SOURCES_FILE: source "${entry.name}": ${weakness}`);
  } catch {
    problems.push(`SOURCES_FILE: source "${entry.name}": its urlFile cannot be read`);
  }
  return [];
}
