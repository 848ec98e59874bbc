/** How long a program may take to end by itself after SIGTERM, in milliseconds. */
const KILL_GRACE = 5_000;

/** SIGTERM to the whole process group of a program that was started detached, SIGKILL after a grace. */
export function stopGroup(pid: number | undefined, ended: Promise<unknown>): void {
  if (pid === undefined) return;
  signalGroup(pid, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), KILL_GRACE);
  const disarm = () => clearTimeout(timer);
  ended.then(disarm, disarm);
}

export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended already.
  }
}
