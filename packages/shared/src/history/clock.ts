import type { Database } from './database.js';

/** History's clock, by which all times of the product count: machines disagree about theirs. */
export async function readTime(db: Database): Promise<Date> {
  const { rows } = await db.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  return rows[0]?.now as Date;
}

/** The time to measure ages by before something is removed: the earlier of history's clock and this machine's, so that neither makes backups old. */
export async function readCautiousTime(db: Database): Promise<Date> {
  return new Date(Math.min((await readTime(db)).getTime(), Date.now()));
}
