import type { Rule } from './wanted-alert.js';
import { utc } from './wording.js';

/** How long it is told that a due time was noticed late, in milliseconds. */
const LATE_FOR = 24 * 60 * 60_000;

/** A scheduled job was started late because nobody noticed its due time: workers or queue were away. */
export const scheduleLate: Rule = ({ lateRuns, now }) =>
  lateRuns
    .filter(({ noticedAt }) => now.getTime() - noticedAt.getTime() < LATE_FOR)
    .map(({ source, name, dueAt, noticedAt }) => ({
      rule: 'schedule-late',
      severity: 'warning',
      source: source === '*' ? null : source,
      subject: name,
      message: `The schedule "${name}"${source === '*' ? '' : ` of "${source}"`} was due at ${utc(dueAt)} and started only at ${utc(noticedAt)}. It ran once. Find out why workers or Redis were away then; this alert ends after a day.`,
      detail: { schedule: name, dueAt: dueAt.toISOString(), noticedAt: noticedAt.toISOString() },
    }));
