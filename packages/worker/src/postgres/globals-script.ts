/** What the companion of a backup tells of one role. Statements are as pg_dumpall wrote them. */
export interface RoleScript {
  readonly name: string;
  /** `CREATE ROLE …`, then its attributes, password, settings and comment. */
  readonly statements: readonly string[];
  /** `GRANT … TO` this role. */
  readonly memberships: readonly string[];
}

const IDENTIFIER = String.raw`("(?:[^"]|"")+"|[^\s";]+)`;
const OF_ROLE = new RegExp(`^(?:CREATE ROLE|ALTER ROLE|COMMENT ON ROLE) ${IDENTIFIER}`);
/** Who granted it is not kept: that role need not be here. */
const MEMBERSHIP = new RegExp(
  `^(GRANT ${IDENTIFIER} TO ${IDENTIFIER}(?: WITH [A-Z, ]+?)?)(?: GRANTED BY ${IDENTIFIER})?$`,
);

/** Reads what `pg_dumpall --globals-only` wrote. Tablespaces are passed over: their folders are not here. */
export function readRoles(script: string): RoleScript[] {
  const roles = new Map<string, { statements: string[]; memberships: string[] }>();
  for (const statement of statementsOf(script)) {
    const role = OF_ROLE.exec(statement)?.[1];
    const membership = MEMBERSHIP.exec(statement);
    if (role !== undefined) {
      const name = unquote(role);
      const known = roles.get(name);
      if (known !== undefined) known.statements.push(statement);
      else if (statement.startsWith('CREATE ROLE'))
        roles.set(name, { statements: [statement], memberships: [] });
    } else if (membership !== null) {
      roles.get(unquote(membership[3] ?? ''))?.memberships.push(membership[1] ?? '');
    }
  }
  return [...roles].map(([name, script]) => ({ name, ...script }));
}

/** `"Arzt's ""role"""` → `Arzt's "role"` */
export function unquote(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}

/** The statements of a script without comments; a `;` in quotes ends none. */
export function statementsOf(script: string): string[] {
  const statements: string[] = [];
  let statement = '';
  for (const [token] of script.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|[^'";-]+|[\s\S]/g)) {
    if (token.startsWith('--')) continue;
    if (token !== ';') statement += token;
    else {
      statements.push(statement.trim());
      statement = '';
    }
  }
  return statements.filter((text) => text !== '' && !text.startsWith('\\'));
}
