import type { Finding } from '@safekeep/shared/contracts/finding';
import type { Harmless, RestoreMessage } from '../postgres/restore-messages.js';

/** What people should know of errors that do not make the copy a wrong one; the others are of no consequence. */
const SENTENCES: Partial<Record<Harmless, string>> = {
  comment: 'the comment is missing, which only the owner may set',
  'role-missing':
    'not restored: it names a role that the server does not have (ask with roles, or make it by hand)',
  right: 'not restored: the restoring role lacks the right (make it by hand as a superuser)',
};

export function warningsOf(messages: readonly RestoreMessage[]): string[] {
  return messages.flatMap(({ harmless, object }) => {
    const sentence = harmless === null ? undefined : SENTENCES[harmless];
    return sentence === undefined ? [] : [`${object ?? 'an object'}: ${sentence}`];
  });
}

/** Whether a policy lacks in the copy because it could not be made there, which is told as a warning already. */
export function isPassedOver(finding: Finding, messages: readonly RestoreMessage[]): boolean {
  const { kind, object } = finding;
  if (kind !== 'policy') return false;
  const at = object.lastIndexOf(' on ');
  const entry = `POLICY ${object.slice(at + ' on '.length)} ${object.slice(0, at)}`;
  return messages.some((message) => message.harmless === 'role-missing' && message.object === entry);
}
