import type { Config } from '@safekeep/shared/config/load';
import { channelsOf, configuredChannels } from '@safekeep/shared/notify/channels';
import { type Diagnosis, ok, warning } from './diagnosis.js';

/** Is there anybody to be told, and somebody who notices when nobody tells? */
export function judgeChannels(config: Config): Diagnosis {
  const names = configuredChannels(channelsOf(config));
  const subject = 'notifications';
  if (names.every((name) => name === 'heartbeat')) {
    const hint =
      'Set SMTP_URL with SMTP_FROM and SMTP_TO, WEBHOOK_URL with WEBHOOK_SECRET, or SLACK_WEBHOOK_URL.';
    return warning(subject, 'nobody is told when something is wrong', hint);
  }
  if (!names.includes('heartbeat')) {
    const hint = 'Set HEARTBEAT_URL to a service that calls when the pings stop (a dead man’s switch).';
    return warning(subject, `by ${names.join(', ')}; nobody notices when all of Safekeep is dead`, hint);
  }
  return ok(subject, `by ${names.join(', ')}; try them with backup.sh alert-test`);
}
