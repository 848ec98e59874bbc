import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The folder with `initdb` and `postgres`: one on PATH, else the newest of Debian's or the PostgreSQL project's. */
export function postgresPrograms(): string {
  const onPath = (process.env.PATH ?? '').split(delimiter);
  const folders = [
    ...onPath,
    ...versionFolders('/usr/lib/postgresql', '', 'bin'),
    ...versionFolders('/usr', 'pgsql-', 'bin'),
  ];
  const found = folders.find((folder) =>
    ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))),
  );
  if (found === undefined) {
    throw new Error('PostgreSQL is not installed: run `node scripts/bootstrap.mjs`, or put initdb on PATH.');
  }
  return found;
}

function versionFolders(parent: string, prefix: string, below: string): string[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .sort((left, right) => Number(right.slice(prefix.length)) - Number(left.slice(prefix.length)))
    .map((name) => join(parent, name, below));
}
