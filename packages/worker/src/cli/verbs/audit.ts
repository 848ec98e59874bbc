import { appendAudit } from '@safekeep/shared/audit/audit';
import { listAuditEvents } from '@safekeep/shared/audit/audit-trail';
import { type AuditFault, type AuditVerdict, verifyAuditTrail } from '@safekeep/shared/audit/verify-trail';
import { type AuditHead, auditQuery } from '@safekeep/shared/contracts/audit';
import { fail } from '@safekeep/shared/errors';
import { print, table } from '../print.js';
import { readOptions } from '../read-options.js';
import type { CliSession } from '../session.js';

const FAULTS: Record<AuditFault, string> = {
  gap: 'its number does not follow the one before: events before it were removed',
  predecessor: 'it does not fit the event before it: that one was replaced, or events changed places',
  content: 'its content is not what was written: it was edited',
  expected: 'it is not the event that was noted: the end was cut off, or the trail was written anew',
};

/** `backup.sh audit list`: the trail, newest first. */
export async function auditListVerb(session: CliSession): Promise<number> {
  const { limit, action, actor, target, since, until } = session.options;
  const given = { limit, action, actor, target, since, until };
  const { events, total } = await listAuditEvents(session.pool, readOptions(auditQuery, given));
  const asked = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  await note(session, 'audit.read', 'ok', Object.fromEntries(asked));
  print(session.options, events, () => {
    const rows = events.map((event) => [
      String(event.seq),
      event.at.slice(0, 19).replace('T', ' '),
      event.actor,
      event.address ?? '',
      event.action,
      event.result,
      event.target ?? '',
    ]);
    const more = total > events.length ? `\n${total} in all; --limit shows up to 1000 of them` : '';
    return table(['seq', 'at (UTC)', 'actor', 'address', 'action', 'result', 'target'], rows) + more;
  });
  return 0;
}

/** `backup.sh audit verify`: exits with 5 when an event was edited, removed or put elsewhere, and says which. */
export async function auditVerifyVerb(session: CliSession): Promise<number> {
  const expected = readHead(session.options.expect);
  const verdict = await verifyAuditTrail(session.pool, expected);
  const { broken, head } = verdict;
  await note(session, 'audit.verify', broken === null ? 'ok' : 'failed', {
    events: verdict.events,
    head: head?.seq ?? null,
    ...(broken && { broken: broken.seq, fault: broken.fault }),
  });
  print(session.options, verdict, () => describe(verdict, expected));
  return broken === null ? 0 : 5;
}

function describe({ events, head, broken }: AuditVerdict, expected: AuditHead | null): string {
  if (broken !== null) {
    const whole = head === null ? 'nothing before it is whole' : `whole up to event ${head.seq}`;
    return `BROKEN at event ${broken.seq}: ${FAULTS[broken.fault]}\n${whole}`;
  }
  if (head === null) return 'the trail is empty';
  const noted = expected === null ? '' : `, and holds event ${expected.seq} as it was noted`;
  return `whole: ${events} events${noted}\nhead: ${head.seq}:${head.hash}
Keep the head outside this system: with --expect it shows later whether newer events were cut off.`;
}

/** `SEQ:HASH`, as this verb prints it. */
function readHead(text: string | undefined): AuditHead | null {
  if (text === undefined) return null;
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined) {
    throw fail('REQUEST_INVALID', { problems: '--expect needs SEQ:HASH as `audit verify` printed it' });
  }
  return { seq: Number(seq), hash };
}

async function note(
  session: CliSession,
  action: string,
  result: 'ok' | 'failed',
  detail: Readonly<Record<string, string | number | null>>,
): Promise<void> {
  await appendAudit(session.pool, { actor: session.actor, action, target: null, result, detail });
}
