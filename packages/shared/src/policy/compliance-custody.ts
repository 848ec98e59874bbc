import { count, day } from '../format.js';
import { activeSchedules, type Judge, keptBackups, unless } from './compliance-judgement.js';
import { LIMITS, within } from './report-limits.js';

export const encryption: Judge = (facts) => {
  const kept = keptBackups(facts);
  const unknown = facts.sources.flatMap((source) => source.unknownFiles);
  const keys = new Map<string, number>();
  for (const { keyId, count: backups } of facts.sources.flatMap((source) => source.kept.keys))
    keys.set(keyId, (keys.get(keyId) ?? 0) + backups);
  const keyed = [...keys.values()].reduce((sum, backups) => sum + backups, 0);
  return unless(
    [
      ...(kept === 0 ? ['There is no backup yet.'] : []),
      ...(keyed < kept ? [`${count(kept - keyed, 'kept backup')} without a recorded key.`] : []),
      ...(unknown.length > 0
        ? [
            `${count(unknown.length, 'file')} that Safekeep did not write, perhaps in plain text: ${unknown[0]?.name}.`,
          ]
        : []),
    ],
    `${count(keyed, 'kept backup')} encrypted with AES-256-CBC before anything is written; key ids: ${
      [...keys].map(([id, backups]) => `${id} (${backups})`).join(', ') || 'none'
    }.`,
  );
};

export const accessControls: Judge = (facts) => {
  const enabled = facts.people.filter((row) => row.enabled > 0);
  const total = enabled.reduce((sum, row) => sum + row.enabled, 0);
  return unless(
    total === 0 ? ['Nobody has an account yet.'] : [],
    `${count(total, 'account')} in use: ${enabled.map((row) => `${row.enabled} ${row.role}`).join(', ') || 'none'}. Every request needs an access token that ends after 15 minutes, and the role that the route demands.${
      total === 1 ? ' With one account, people who share it cannot be told apart.' : ''
    }`,
  );
};

export const authentication: Judge = (facts) => {
  const { loginsInTrend, failedLoginsInTrend } = facts.audit;
  const total = facts.people.reduce((sum, row) => sum + row.enabled, 0);
  return unless(
    total === 0 ? ['Nobody has an account yet.'] : [],
    `Passwords are stored as argon2id hashes; failed logins are throttled and recorded. In the last 30 days: ${count(
      loginsInTrend,
      'login',
    )}, ${failedLoginsInTrend} refused or failed.`,
  );
};

/** How a connection is protected, in words. */
export const PROTECTIONS = {
  verified: 'TLS, server certificate verified',
  encrypted: 'TLS, server certificate not verified',
  plain: 'TLS not enforced',
  local: 'on the same machine',
} as const;

export const transmission: Judge = ({ configuration: { transports } }) => {
  const plain = transports.filter((line) => line.protection === 'plain').map((line) => line.connection);
  return unless(
    plain.length === 0 ? [] : [`Over a network without enforced TLS: ${plain.join(', ')}.`],
    `${transports.map((line) => `${line.connection}: ${PROTECTIONS[line.protection]}`).join('; ')}.`,
  );
};

export const retention: Judge = (facts, now) => {
  const { cleanup, configuration: limits } = facts;
  const last =
    cleanup === null
      ? 'Cleanup never ran.'
      : `Last cleanup ${day(cleanup.endedAt)}: ${cleanup.keptCount} kept, ${cleanup.removedCount} removed.`;
  return unless(
    [
      ...(activeSchedules(facts, 'cleanup').length === 0 ? ['No active schedule of cleanup.'] : []),
      ...(cleanup === null || cleanup.status !== 'completed' || !within(cleanup.endedAt, LIMITS.cleanup, now)
        ? [`No completed cleanup in the last ${LIMITS.cleanup} days.`]
        : []),
      ...(cleanup !== null && cleanup.failedCount > 0
        ? [`${count(cleanup.failedCount, 'backup')} could not be removed.`]
        : []),
    ],
    `Full backups are kept ${limits.retentionFullDays} days, incremental ones ${limits.retentionIncrementalDays}, and at least ${limits.retentionKeepMinimum} full ones of each source. ${last} ${count(
      facts.sources.flatMap((source) => source.legalHolds).length,
      'legal hold',
    )}.`,
  );
};

export const disposals: Judge = (facts) => {
  const { count: recorded, unrecorded, unfinished, trend } = facts.disposals;
  const missing = facts.sources.flatMap((source) => source.missingFiles).length;
  return unless(
    [
      ...(unrecorded > 0 ? [`${count(unrecorded, 'disposed backup')} without a record.`] : []),
      ...(unfinished > 0 ? [`${count(unfinished, 'disposal')} begun whose files may be there still.`] : []),
      ...(missing > 0 ? [`${count(missing, 'backup file')} gone without a disposal.`] : []),
    ],
    recorded === 0
      ? 'No backup was disposed of yet.'
      : `${count(recorded, 'disposal')} recorded with checksum, time and reason, ${trend.length} of them in the last 30 days.`,
  );
};
