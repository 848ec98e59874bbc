/** A cron expression that was due three hours ago and is not due again today. */
export function dueThreeHoursAgo(): string {
  return `0 ${new Date(Date.now() - 3 * 3_600_000).getUTCHours()} * * *`;
}

/** As if the schedules had been there for two days. */
export async function letDaysPass(pool: { query(text: string): Promise<unknown> }): Promise<void> {
  await pool.query(`UPDATE schedules SET since = now() - interval '2 days'`);
}
