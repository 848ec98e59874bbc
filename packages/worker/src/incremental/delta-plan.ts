import type { Readable } from 'node:stream';
import type { Chunking, ManifestKey } from '@safekeep/archive/manifest-schema';
import type { SequenceValue } from '../postgres/sequence-values.js';

/** All that a delta archive says and does; the rows themselves come as streams (DeltaRows). */
export interface DeltaPlan {
  /** For the sentence of a refusal. */
  readonly base: { readonly id: string; readonly fileName: string };
  readonly increment: { readonly id: string; readonly fileName: string };
  /** Of the source's database; the target's must be the same. */
  readonly encoding: string;
  /** For the archive's head. */
  readonly database: string;
  readonly serverVersion: string;
  readonly pgDumpVersion: string;
  readonly changed: readonly DeltaTable[];
  readonly unchanged: readonly UnchangedTable[];
  readonly sequences: readonly SequenceValue[];
  /** Materialized views in the order in which they are refreshed. */
  readonly refresh: readonly {
    readonly schema: string;
    readonly name: string;
    readonly populated: boolean;
  }[];
}

interface NamedTable {
  readonly schema: string;
  readonly name: string;
  /** SQL: which rows of an extension's configuration table belong to the backup; `null` for all other tables. */
  readonly filter: string | null;
}

interface UnchangedTable extends NamedTable {
  readonly rows: number;
}

export interface DeltaTable extends NamedTable {
  /** Columns of the staged new rows: all that are not generated, in the table's order, and generated ones of the key. */
  readonly staged: readonly string[];
  /** Those of them that are inserted. */
  readonly inserted: readonly string[];
  /** SQL: the values of a row whose record is hashed (`table-contents.ts`). */
  readonly hashedValues: string;
  readonly base: { readonly rows: number; readonly sum: string };
  readonly newRows: { readonly rows: number; readonly sum: string };
  readonly rowsAfter: number;
  /** How the rows that are gone or replaced are found; `null` where all rows are replaced. */
  readonly replace: null | {
    readonly key: ManifestKey['columns'];
    /** Older rows in these chunks stay only when their keys are in the list; `null` where no chunk needs one. */
    readonly kept: null | {
      readonly chunking: Chunking;
      readonly chunks: readonly number[];
      readonly rows: number;
    };
  };
}

/** Rows as COPY's text, without a terminator, read in the increment's snapshot. */
export interface DeltaRows {
  newRows(table: DeltaTable): Readable;
  keptKeys(table: DeltaTable): Readable;
}
