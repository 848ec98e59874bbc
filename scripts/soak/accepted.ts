/** The tables whose rows are what people ask for. */
export const TABLES = ['backups', 'verifications', 'recovery_tests', 'cleanup_runs', 'reports'] as const;
export type Table = (typeof TABLES)[number];

/** What the API said yes to, by table; none of it may be lost. */
export class Accepted {
  readonly #ids = new Map<Table, Set<string>>(TABLES.map((table) => [table, new Set()]));
  /** Requests that were refused, or that nothing was heard of. */
  refused = 0;
  unanswered = 0;
  cancels = 0;

  add(table: Table, id: string): void {
    this.idsOf(table).add(id);
  }

  idsOf(table: Table): Set<string> {
    return this.#ids.get(table) ?? new Set();
  }

  get count(): number {
    return TABLES.reduce((sum, table) => sum + this.idsOf(table).size, 0);
  }
}
