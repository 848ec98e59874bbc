/** The schema of an incremental's own tables, gone when it has been applied. */
export const STAGING_SCHEMA = 'safekeep_delta';

/** Holds the new rows of the changed table with this number. */
export function newRowsTable(number: number): string {
  return `${STAGING_SCHEMA}.r${number}`;
}

/** Holds the keys that are still there. */
export function keptKeysTable(number: number): string {
  return `${STAGING_SCHEMA}.k${number}`;
}

/** A table without columns that is there once the rows have been applied. */
export const APPLIED_MARK = `${STAGING_SCHEMA}.applied`;
