import type { ComplianceItem, ReportFacts, SourceReport } from '../contracts/report-body.js';

export type Judgement = Pick<ComplianceItem, 'status' | 'evidence'>;
export type Judge = (facts: ReportFacts, now: Date) => Judgement;

/** Met unless a problem is known; the evidence is shown in both cases. */
export function unless(problems: readonly string[], evidence: string): Judgement {
  return problems.length === 0
    ? { status: 'met', evidence }
    : { status: 'missing', evidence: [...problems, evidence].join(' ').trim() };
}

export const people = (evidence: string): Judgement => ({ status: 'not measurable by software', evidence });

/** Old backups of a source that is no longer backed up ask for no new ones. */
export const configured = (facts: ReportFacts) => facts.sources.filter((source) => source.configured);

/** One sentence that names the sources with a problem; none without one. */
export function lacking(
  facts: ReportFacts,
  text: string,
  problem: (source: SourceReport) => boolean,
): readonly string[] {
  const names = configured(facts)
    .filter(problem)
    .map((source) => source.name);
  return names.length === 0 ? [] : [`${text}: ${names.join(', ')}.`];
}

export const each = (facts: ReportFacts, text: (source: SourceReport) => string) =>
  configured(facts)
    .map((source) => `${source.name} ${text(source)}`)
    .join('; ');

export function activeSchedules(facts: ReportFacts, name: string) {
  return facts.schedules.filter(
    (schedule) => schedule.name === name && schedule.cron !== null && !schedule.paused,
  );
}

export const keptBackups = (facts: ReportFacts) =>
  facts.sources.reduce((sum, { kept }) => sum + kept.count, 0);
