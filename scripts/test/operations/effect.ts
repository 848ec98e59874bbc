import { expect } from 'chai';
import { psql } from '../../demo/psql.js';
import type { Answer } from './shell-session.js';
import type { Site } from './site.js';

/** What must be true after a block of the document was run; `before` is what it has to change. */
export interface Effect {
  readonly before?: (site: Site) => Promise<unknown>;
  readonly after: (site: Site, answer: Answer, before: never) => Promise<void> | void;
}

export interface BackupRow {
  readonly id: string;
  readonly file_name: string;
  readonly checksum: string;
  readonly type: string;
  readonly base_id: string | null;
}

export const COMPLETED = `FROM backups WHERE status = 'completed'`;

/** Completed backups of the source main, newest first. */
export function backupsOf(site: Site): Promise<BackupRow[]> {
  return site.history<BackupRow>(`SELECT * ${COMPLETED} AND source = 'main' ORDER BY created_at DESC`);
}

/** Of all sources. */
export const countBackups = async (site: Site) => (await site.history(`SELECT ${COMPLETED}`)).length;

/** A block that takes this many backups. */
export function takes(
  more: number,
  check: (site: Site, answer: Answer) => Promise<void> | void = () => {},
): Effect {
  return {
    before: countBackups,
    after: async (site, answer, before: number) => {
      await site.until(`NOT EXISTS (SELECT FROM backups WHERE status IN ('queued', 'running'))`);
      expect(await countBackups(site)).to.equal(before + more);
      await check(site, answer);
    },
  };
}

export function prints(...texts: readonly (string | RegExp)[]): Effect {
  return {
    after: (_site, { stdout }) => {
      for (const text of texts) {
        if (typeof text === 'string') expect(stdout).to.include(text);
        else expect(stdout).to.match(text);
      }
    },
  };
}

/** The JSON documents that commands printed, one after the other, with or without other lines between. */
export function documentsIn(text: string): unknown[] {
  const found: unknown[] = [];
  for (let at = text.search(/[[{]/); at !== -1; ) {
    const end = endOfDocument(text, at);
    found.push(JSON.parse(text.slice(at, end)));
    const next = text.slice(end).search(/[[{]/);
    at = next === -1 ? -1 : end + next;
  }
  return found;
}

/** Where the document that begins at `from` ends: behind the bracket that closes its first one. */
function endOfDocument(text: string, from: number): number {
  let depth = 0;
  for (const token of text.slice(from).matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (token[0] === '[' || token[0] === '{') depth += 1;
    else if (token[0] === ']' || token[0] === '}') depth -= 1;
    if (depth === 0) return from + token.index + 1;
  }
  return text.length;
}

export const everyFileIs = (site: Site, answer: Answer, verdict: RegExp) => {
  const lines = answer.stdout
    .trim()
    .split('\n')
    .filter((line) => line.includes('.pgdump.enc.gz'));
  expect(lines).to.have.length(site.files(/^full_.*\.gz$/).length);
  for (const line of lines) expect(line).to.match(verdict);
};

const COUNT =
  'SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM patients), (SELECT count(*) FROM appointments)';

/** The database holds what the source holds. */
export async function expectCopy(site: Site, database: string): Promise<void> {
  const copy = await psql(site.database(database), COUNT);
  expect(copy).to.equal(await psql(site.database('healthy_stellar'), COUNT));
}

export function tablesOf(site: Site, database: string): Promise<string> {
  return psql(
    site.database(database),
    `SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'`,
  );
}
