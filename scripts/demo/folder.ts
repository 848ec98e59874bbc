import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DemoError } from './demo-error.js';
import { takeLock } from './lock.js';

const MARK = 'MADE-BY-SAFEKEEP.txt';
const LOCK = 'lock';

/** The one folder that holds all that a demo or benchmark writes. */
export interface Folder {
  readonly path: string;
  readonly backups: string;
  readonly logs: string;
  readonly secrets: string;
  readonly postgres: string;
  readonly redis: string;
  /** What an earlier run left and this one removed, names in the folder. */
  readonly removed: readonly string[];
  release(): void;
}

/**
 * Where to keep things: in the project, or in the temporary folder where PostgreSQL could not reach the project. (As
 * root, its server runs as the user `postgres`, who may not pass through a folder such as /root.)
 */
export function chooseFolder(project: string, name: string): { path: string; reason: string | null } {
  if (process.getuid?.() !== 0 || everybodyMayPass(project))
    return { path: join(project, name), reason: null };
  const reason = `the user postgres may not pass through ${project}, so the demo keeps its things elsewhere`;
  return { path: join(tmpdir(), name.replace(/^\./, '')), reason };
}

/**
 * Makes the folder ready for a fresh run and locks it.
 * @throws DemoError when another run uses it, or when it holds things that are not a demo's.
 */
export function openFolder(path: string): Folder {
  refuseForeign(path);
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o711);
  writeFileSync(
    join(path, MARK),
    'Everything here was made by `npm run demo` or `npm run bench` and may be removed.\n',
  );
  const lock = takeLock(join(path, LOCK));
  if ('heldBy' in lock) {
    throw new DemoError(`Another run (process ${lock.heldBy}) uses ${path}.`, {
      remedy: `End it with Ctrl-C in its terminal or with: kill ${lock.heldBy}\nOr give this one a folder of its own: --folder PATH`,
    });
  }
  const removed = readdirSync(path).filter((name) => name !== MARK && name !== LOCK);
  for (const name of removed) rmSync(join(path, name), { recursive: true, force: true, maxRetries: 3 });
  const [backups, logs, secrets] = ['backups', 'logs', 'secrets'].map((name) => join(path, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [backups, logs, secrets]) mkdirSync(folder, { mode: 0o700 });
  const [postgres, redis] = [join(path, 'postgres'), join(path, 'redis')];
  return { path, backups, logs, secrets, postgres, redis, removed, release: lock.release };
}

/** A folder with other things in it is not cleared, whatever --folder says. */
function refuseForeign(path: string): void {
  if (!existsSync(path)) return;
  const facts = lstatSync(path);
  const mine = facts.isDirectory() && facts.uid === (process.getuid?.() ?? facts.uid);
  if (mine && (readdirSync(path).length === 0 || existsSync(join(path, MARK)))) return;
  throw new DemoError(`${path} is not a folder that a demo made, so it is left alone.`, {
    remedy: 'Give another one that is empty or does not exist: --folder PATH',
  });
}

function everybodyMayPass(folder: string): boolean {
  const parent = dirname(folder);
  return (statSync(folder).mode & 0o001) !== 0 && (folder === parent || everybodyMayPass(parent));
}
