/** What became of a table between the base's snapshot and the increment's. `rows` counts those of now. */
export type TableChange = UnchangedTable | ChangedRows | WholeTable;

interface UnchangedTable {
  readonly kind: 'unchanged';
  readonly rows: number;
}

/** Rows can be told apart: only those are stored that are younger than the base. */
export interface ChangedRows {
  readonly kind: 'rows';
  readonly rows: number;
  /** Rows younger than the base, and the sum of their hashes. */
  readonly newRows: number;
  readonly newSum: string;
  /** Numbers of the chunks from which rows went in a way that their count and keys do not explain; what is left there is listed. */
  readonly keptChunks: readonly number[];
  /** How many older rows are left in those chunks. */
  readonly keptRows: number;
  /** The two sums of the hashes of all keys of now. */
  readonly keySums: readonly [string, string];
}

/** Changed, and nothing more can be told or would pay: all of its rows are stored. */
export interface WholeTable {
  readonly kind: 'whole';
  readonly rows: number;
  /** Sum of the hashes of all rows of now. */
  readonly sum: string;
  /** In words, for the log: `no primary key`, `another table under this name` … */
  readonly why: string;
}
