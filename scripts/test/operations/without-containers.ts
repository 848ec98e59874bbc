/** Commands that need a container engine, a full disk or a calendar; only these are left out, by name. */
const LEFT_OUT = [/^docker(-compose)? /, /^df /, /^find .* -delete$/];

/**
 * A block as it is run on a host: commands that are run in a container lose their `docker-compose exec SERVICE`, lines of
 * the engine itself are left out.
 *
 * @returns the commands, and the lines that were left out
 */
export function withoutContainers(block: string): { readonly script: string; readonly leftOut: string[] } {
  const leftOut: string[] = [];
  const lines = block
    .replaceAll(/docker-compose exec (-T )?\w+ /g, '')
    .split('\n')
    .filter((line) => {
      const drop = LEFT_OUT.some((pattern) => pattern.test(line.trim()));
      if (drop) leftOut.push(line.trim());
      return !drop;
    });
  return { script: lines.join('\n'), leftOut };
}

/** Whether anything is left to be run. */
export function hasCommands(script: string): boolean {
  return script.split('\n').some((line) => line.trim() !== '' && !line.trim().startsWith('#'));
}
