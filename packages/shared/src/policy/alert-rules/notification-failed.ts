import { count } from '../../format.js';
import type { Rule } from './wanted-alert.js';
import { utc } from './wording.js';

/** A channel took nothing any more, after all attempts. Its next success resolves it. */
export const notificationFailed: Rule = ({ channels }) =>
  channels
    .filter(({ failures }) => failures > 0)
    .map(({ channel, failures, firstFailedAt, reason }) => ({
      rule: 'notification-failed',
      severity: 'warning',
      source: null,
      subject: channel,
      message: `${count(failures, 'notification')} to the channel "${channel}" failed since ${utc(firstFailedAt)}. ${reason ?? ''} Correct its settings or its server, then run backup.sh alert-test.`,
      detail: { channel, failures },
    }));
