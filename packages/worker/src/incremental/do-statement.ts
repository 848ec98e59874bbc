/** A block of PL/pgSQL as a statement, in quotes that do not occur in it. */
export function doStatement(body: string): string {
  let tag = '$safekeep';
  for (let number = 1; body.includes(tag); number += 1) tag = `$safekeep_${number}`;
  return `DO ${tag}$${body}\n${tag}$;\n`;
}
