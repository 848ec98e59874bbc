import { count, day } from '../format.js';
import { type Judge, people, unless } from './compliance-judgement.js';

export const auditLogging: Judge = ({ audit }) =>
  unless(
    [
      ...(audit.head === null ? ['The audit trail is empty.'] : []),
      ...(audit.brokenAt === null ? [] : [`The hash chain is broken at event ${audit.brokenAt}.`]),
      ...(audit.previousHeadStands === false
        ? ['The event that the report before named as newest is gone or changed.']
        : []),
    ],
    `${count(audit.eventsInPeriod, 'event')} in the period, ${audit.refusalsInPeriod} of them refusals or failures. ${count(
      audit.checkedEvents,
      'event',
    )} recomputed${audit.brokenAt === null && audit.checkedEvents > 0 ? ', the hash chain holds' : ''}.`,
  );

export const auditPreserved: Judge = (facts, now) => {
  const { audit } = facts;
  const { status } = auditLogging(facts, now);
  const evidence =
    audit.head === null || audit.firstAt === null
      ? 'There is no event.'
      : `${audit.head.seq} events since ${day(audit.firstAt)}; a trigger refuses changes and deletions, and Safekeep removes none. Newest: number ${audit.head.seq}, hash ${audit.head.hash}.`;
  return status === 'met'
    ? unless([], evidence)
    : unless(['The trail is empty, or its chain is broken.'], evidence);
};

export const activityReview: Judge = ({ audit }) =>
  audit.newestReviewAt === null
    ? unless(
        [
          'Nobody read the audit trail, or a report through the API, in the last 30 days. A file that somebody opened is not seen.',
        ],
        '',
      )
    : unless(
        [],
        `The audit trail, or a report through the API, was read ${count(audit.reviewsInTrend, 'time')} in the last 30 days, last on ${day(audit.newestReviewAt)}.`,
      );

export const proceduresDocumented: Judge = (facts) => {
  const active = facts.schedules.filter((schedule) => schedule.cron !== null && !schedule.paused).length;
  return unless(
    active === 0 ? ['No schedule is active, so no procedure is in force.'] : [],
    `OPERATIONS.md of version ${facts.configuration.version}; ${count(active, 'active schedule')}, retention and targets are written down in this report.`,
  );
};

export const documentsKept: Judge = ({ reports, audit }) =>
  unless(
    audit.head === null ? ['The audit trail is empty.'] : [],
    `${
      reports.firstAt === null
        ? 'This is the first report.'
        : `${count(reports.count, 'report')} before this one, since ${day(reports.firstAt)}.`
    } Reports, audit trail, disposals and the rows of history are not touched by backup retention.`,
  );

export const incidents: Judge = ({ alerts }) =>
  people(
    `Safekeep keeps alerts (${alerts.open.length} open, ${alerts.raised} raised and ${alerts.resolved} resolved in the period) and failed runs. What an incident was and what was done about it, people write.`,
  );

export const training: Judge = () => people('Software cannot see who was trained.');
