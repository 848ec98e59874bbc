import { objectOf } from '../postgres/restore-messages.js';
import type { CheckedBackup } from './checked-backup.js';
import type { ChainOutcome } from './restore-chain.js';

/** Roles belong to the server; a policy that names one which the scratch server lacks says nothing against the backup. */
export function policiesWithoutRole({ warnings }: ChainOutcome, { toc }: CheckedBackup): Set<string> {
  const failed = new Set(
    warnings.filter(({ harmless }) => harmless === 'role-missing').map(({ object }) => object),
  );
  const entries = toc.entries.filter((entry) => entry.desc === 'POLICY' && failed.has(objectOf(entry)));
  return new Set(
    entries.map(({ tag, namespace, defn }) => {
      // The tag is the table's name and the policy's, with a blank between; either may hold more of them.
      const policy = /^CREATE POLICY ("(?:[^"]|"")*"|\S+) ON /.exec(defn ?? '')?.[1] ?? '';
      const name = policy.startsWith('"') ? policy.slice(1, -1).replaceAll('""', '"') : policy;
      return `${name} on ${namespace}.${tag.slice(0, -name.length - 1)}`;
    }),
  );
}
