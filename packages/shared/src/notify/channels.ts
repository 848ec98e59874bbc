import type { Config } from '../config/load.js';
import type { Secret } from '../config/secret.js';
import type { Channel } from '../contracts/notification.js';

/** Where notifications go; a channel that is not configured is `null`. */
export interface Channels {
  readonly smtp: { readonly url: Secret; readonly from: string; readonly to: readonly string[] } | null;
  readonly webhook: { readonly url: Secret; readonly secret: Secret } | null;
  readonly slack: { readonly url: Secret } | null;
  readonly heartbeat: { readonly url: Secret } | null;
  /** `host` or `host:port`, in lower case: these may have private addresses and speak plain HTTP. */
  readonly allowedHosts: readonly string[];
}

export function channelsOf(config: Config): Channels {
  const { SMTP_URL, SMTP_FROM, SMTP_TO, WEBHOOK_URL, WEBHOOK_SECRET, SLACK_WEBHOOK_URL, HEARTBEAT_URL } =
    config;
  return {
    smtp: SMTP_URL && SMTP_FROM && SMTP_TO ? { url: SMTP_URL, from: SMTP_FROM, to: SMTP_TO } : null,
    webhook: WEBHOOK_URL && WEBHOOK_SECRET ? { url: WEBHOOK_URL, secret: WEBHOOK_SECRET } : null,
    slack: SLACK_WEBHOOK_URL ? { url: SLACK_WEBHOOK_URL } : null,
    heartbeat: HEARTBEAT_URL ? { url: HEARTBEAT_URL } : null,
    allowedHosts: config.NOTIFY_ALLOWED_HOSTS ?? [],
  };
}

/** The names of the channels that are configured. */
export function configuredChannels(channels: Channels): Channel[] {
  return (['smtp', 'webhook', 'slack', 'heartbeat'] as const).filter((name) => channels[name] !== null);
}
