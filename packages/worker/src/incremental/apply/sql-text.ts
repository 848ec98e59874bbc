import pg from 'pg';

/** A body between dollar quotes that it cannot end itself. */
export function dollarQuoted(body: string): string {
  let tag = '$safekeep$';
  for (let n = 1; body.includes(tag); n += 1) tag = `$safekeep${n}$`;
  return `${tag}${body}${tag}`;
}

/**
 * PL/pgSQL: event triggers of the target rest in what follows where the role may let them. One that keeps a journal of all DDL
 * would change the very tables that are compared.
 */
export const REST_EVENT_TRIGGERS = `BEGIN
    SET LOCAL session_replication_role = replica;
  EXCEPTION WHEN insufficient_privilege THEN
    NULL;
  END;`;

/** One statement that runs all of `statements`, so that psql, too, does all or nothing. */
export function quietly(statements: readonly string[]): string {
  const body = `
#variable_conflict use_column
BEGIN
  ${REST_EVENT_TRIGGERS}
${statements.map((statement) => `  ${statement};`).join('\n')}
END `;
  return `DO ${dollarQuoted(body)};\n`;
}

export function columnList(columns: readonly string[]): string {
  return columns.map((column) => pg.escapeIdentifier(column)).join(', ');
}

/** A name for people, on one line. */
export function title({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`.replace(/\s/g, ' ');
}
