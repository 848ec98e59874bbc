import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** The variable that tells whose program a pg_dump is; it holds the pid of the process that started it. */
export const STARTED_BY = 'SAFEKEEP_STARTED_BY';

const PROC = '/proc';
const PROGRAMS = new Set(['pg_dump', 'pg_dumpall', 'pg_restore']);

/**
 * Process groups of programs that a process of Safekeep's has started and left, because it was killed: their parent is
 * another one by now. They write to nobody, and wait for a lock or a silent network for as long as it takes. Other users',
 * other containers' and strangers' programs are not among them. Only Linux tells; elsewhere there are none.
 */
export async function findOrphanedPrograms(): Promise<number[]> {
  const names = await readdir(PROC).catch(() => []);
  const space = await readlink(join(PROC, 'self/ns/pid')).catch(() => null);
  if (space === null) return [];
  const orphans: number[] = [];
  for (const name of names) {
    if (/^\d+$/.test(name) && (await isOrphan(join(PROC, name), space))) orphans.push(Number(name));
  }
  return orphans;
}

/** @param space the namespace in which pids are told: the same number is another process elsewhere. */
async function isOrphan(folder: string, space: string): Promise<boolean> {
  try {
    const program = readStat(await readFile(join(folder, 'stat'), 'latin1'));
    if (program === null || !PROGRAMS.has(program.name) || program.pid !== program.group) return false;
    if ((await readlink(join(folder, 'ns/pid'))) !== space) return false;
    const variables = (await readFile(join(folder, 'environ'), 'latin1')).split('\0');
    const told = variables.find((variable) => variable.startsWith(`${STARTED_BY}=`));
    return told !== undefined && Number(told.slice(STARTED_BY.length + 1)) !== program.parent;
  } catch {
    // It has ended meanwhile, or is another user's.
    return false;
  }
}

/** proc(5): pid (name) state parent group; a name may hold blanks and brackets. */
function readStat(text: string) {
  const found = /^(\d+) \((.*)\) \S (\d+) (\d+) /s.exec(text);
  if (found === null) return null;
  const [, pid, name = '', parent, group] = found;
  return { pid: Number(pid), name, parent: Number(parent), group: Number(group) };
}
