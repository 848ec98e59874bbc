import { isAllowedHost } from './allowed-hosts.js';
import type { EnvironmentName } from './schema.js';

type Values = Readonly<Partial<Record<EnvironmentName, string>>>;

/** What is useless or dangerous alone: half a channel would tell nobody, and nobody would notice. */
const TOGETHER: readonly (readonly [EnvironmentName, EnvironmentName, string])[] = [
  ['SMTP_URL', 'SMTP_TO', 'name who shall get the mails, several with commas between'],
  ['SMTP_URL', 'SMTP_FROM', 'name the sender that the mail server lets through'],
  ['SMTP_TO', 'SMTP_URL', 'set it to smtp://user:password@host:587'],
  ['SMTP_FROM', 'SMTP_URL', 'set it to smtp://user:password@host:587'],
  ['WEBHOOK_URL', 'WEBHOOK_SECRET', 'make one with: openssl rand -base64 48, and give it to the receiver'],
  ['WEBHOOK_SECRET', 'WEBHOOK_URL', 'set it to https://host/path'],
];

/** Mistakes in how the variables of notifications fit together, a sentence each; no value is quoted. */
export function notificationMistakes(values: Values): string[] {
  const missing = TOGETHER.filter(
    ([given, needed]) => values[given] !== undefined && values[needed] === undefined,
  ).map(([given, needed, remedy]) => `${needed} is missing, and ${given} needs it: ${remedy}`);
  const urls = ['WEBHOOK_URL', 'SLACK_WEBHOOK_URL', 'HEARTBEAT_URL'] as const;
  const allowed = (values.NOTIFY_ALLOWED_HOSTS ?? '').split(',').map((host) => host.trim().toLowerCase());
  const plain = urls
    .filter((name) => isPlain(values[name], allowed))
    .map((name) => `${name} must start with https://; http is for hosts in NOTIFY_ALLOWED_HOSTS`);
  return [...missing, ...plain];
}

function isPlain(url: string | undefined, allowed: readonly string[]): boolean {
  if (url === undefined || !URL.canParse(url)) return false;
  const parsed = new URL(url);
  return parsed.protocol === 'http:' && !isAllowedHost(parsed, allowed);
}
