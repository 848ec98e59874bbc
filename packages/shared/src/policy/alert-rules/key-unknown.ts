import { count } from '../../format.js';
import type { Rule } from './wanted-alert.js';
import { utc } from './wording.js';
import { livingWorkers } from './worker-presence.js';

/** Backups that none of the workers has the key of: nobody here can check or restore them. */
export const keyUnknown: Rule = (facts) => {
  const known = knownKeys(facts);
  if (known.length === 0) return [];
  return facts.keys
    .filter(({ keyId }) => !known.includes(keyId))
    .map(({ source, keyId, backups, newestAt }) => ({
      rule: 'key-unknown',
      severity: 'critical',
      source,
      subject: keyId,
      message: `${count(backups, 'backup')} of "${source}", the newest of ${utc(newestAt)}, can be neither checked nor restored: no worker has their key (key id ${keyId}). Find this key and keep it; without it nobody can read them.`,
      detail: { keyId, backups },
    }));
};

/** With no worker alive, what the last one had: a stopped worker has not lost its key. */
function knownKeys(facts: Parameters<Rule>[0]): string[] {
  const living = livingWorkers(facts);
  const last = [...facts.workers].sort((a, b) => b.seenAt.getTime() - a.seenAt.getTime()).slice(0, 1);
  return (living.length > 0 ? living : last).map(({ keyId }) => keyId);
}
