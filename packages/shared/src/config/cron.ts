import { CronExpressionParser } from 'cron-parser';

/**
 * Whether this is a cron expression of five fields that comes due at all. Seconds are refused: no job here is meant to
 * run every second. So is `H`, a random number in some dialects: a due time must be the same whoever computes it.
 */
export function isCron(value: string): boolean {
  if (value.trim().split(/\s+/).length !== 5 || /\bH\b/i.test(value)) return false;
  try {
    CronExpressionParser.parse(value).next();
    return true;
  } catch {
    return false;
  }
}
