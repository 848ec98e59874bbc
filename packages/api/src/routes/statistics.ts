import type { Statistics, StatisticsQuery } from '@safekeep/shared/contracts/monitoring';
import { readTime } from '@safekeep/shared/history/clock';
import {
  countVerifications,
  readOutcomes,
  readOutcomesByDay,
  readOutcomesBySource,
  summarizeRecoveryTests,
} from '@safekeep/shared/history/statistics';
import { readCompliance } from '../health-facts.js';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

const DAY = 86_400_000;

/** What ended in the last days; the compliance is that of now. */
export async function readStatistics(
  services: Services,
  { input, audit }: Call<{ query: StatisticsQuery }>,
): Promise<Answer<Statistics>> {
  const { days } = input.query;
  audit.detail = { days };
  const to = await readTime(services.pool);
  const period = { from: new Date(to.getTime() - days * DAY), to };
  const { status, reasons } = await readCompliance(services);
  return {
    body: {
      days,
      ...period,
      backups: await readOutcomes(services.pool, period),
      byDay: await readOutcomesByDay(services.pool, period),
      bySource: await readOutcomesBySource(services.pool, period),
      verifications: await countVerifications(services.pool, period),
      recoveryTests: await summarizeRecoveryTests(services.pool, period),
      compliance: { status, reasons: [...reasons] },
    },
  };
}
