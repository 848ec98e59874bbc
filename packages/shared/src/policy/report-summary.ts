import type { AttentionPoint, ReportFacts, ReportSummary, SourceReport } from '../contracts/report-body.js';
import { age, count, day } from '../format.js';

/** A source is protected when data within the RPO target can be restored, as far as the newest verification and recovery test tell. */
export function isProtected(source: SourceReport, facts: ReportFacts): boolean {
  const { newestSuccess: newest, damaged, recoveryTests } = source;
  return (
    newest !== null &&
    newest.dataAgeSeconds <= facts.configuration.rpoTargetSeconds &&
    !damaged.some((row) => row.backupId === newest.id) &&
    recoveryTests.newest?.status !== 'failed'
  );
}

/** What a reader should know who reads one sentence. */
export function summarise(facts: ReportFacts, attention: readonly AttentionPoint[]): ReportSummary {
  const sources = facts.sources.filter((source) => source.configured);
  const safe = sources.filter((source) => isProtected(source, facts)).length;
  const points = attention.length;
  return {
    verdict: safe < sources.length ? 'unprotected' : points > 0 ? 'attention' : 'protected',
    headline: [
      `${safe} of ${count(sources.length, 'source')} protected`,
      newestBackups(sources),
      lastProof(sources),
      points === 0 ? 'nothing needs attention' : `${count(points, 'point')} to look at`,
    ].join('; '),
    sources: sources.length,
    protectedSources: safe,
    points,
  };
}

function newestBackups(sources: readonly SourceReport[]): string {
  const ages = sources.flatMap(({ newestSuccess }) => newestSuccess?.dataAgeSeconds ?? []);
  if (ages.length === 0) return 'no backup yet';
  const [youngest, oldest] = [age(Math.min(...ages)), age(Math.max(...ages))];
  if (ages.length === 1) return `newest backup ${youngest} old`;
  return youngest === oldest
    ? `newest backups ${youngest} old`
    : `newest backups ${youngest} to ${oldest} old`;
}

function lastProof(sources: readonly SourceReport[]): string {
  const never = sources.filter((source) => source.recoveryTests.newestPassed === null);
  if (never.length === sources.length) return 'no restore proven yet';
  if (never.length > 0) return `no restore proven for ${never.map((source) => source.name).join(', ')}`;
  const days = sources.map((source) => day(source.recoveryTests.newestPassed?.endedAt as Date)).sort();
  const [first, last] = [days[0], days.at(-1)];
  return first === last ? `restore last proven on ${last}` : `restores last proven on ${first} to ${last}`;
}
