import type { ComplianceItem, ReportBody } from '../contracts/report-body.js';
import { time } from '../format.js';
import { type Html, html } from '../html.js';

const LISTS = [
  ['requirements', 'HIPAA requirements (checklist of the operations manual)'],
  ['documentation', 'Documentation requirements (checklist of the operations manual)'],
  ['regulation', '45 CFR part 164, section by section'],
] as const;

/** The checklist with its evidence, for people who assess; it judges facts and certifies nothing. */
export function checklistSection({ compliance }: ReportBody): Html {
  const having = (status: ComplianceItem['status']) =>
    compliance.filter((item) => item.status === status).length;
  return html`<section class="page"><h2>Compliance checklist</h2>
<p>${having('met')} met, ${having('missing')} missing, ${having('not measurable by software')} not measurable by software. This is evidence for an assessment by people. No software makes an organisation compliant, and this report certifies nothing.</p>
${LISTS.map(([list, title]) =>
  listTable(
    title,
    compliance.filter((item) => item.list === list),
  ),
)}
</section>`;
}

function listTable(title: string, items: readonly ComplianceItem[]): Html {
  return html`<h3>${title}</h3><div class="wide"><table class="checklist">
<thead><tr><th scope="col">Requirement</th><th scope="col">Status</th><th scope="col">Evidence</th></tr></thead>
<tbody>${items.map(row)}</tbody></table></div>`;
}

const BADGES = {
  met: ['met', '✓ met'],
  missing: ['missing', '✗ missing'],
  'not measurable by software': ['people', '– not measurable by software'],
} as const;

function row({ title, citation, status, evidence, duty }: ComplianceItem): Html {
  const [name, text] = BADGES[status];
  const badge = html`<span class="${status === 'not measurable by software' ? name : `badge ${name}`}">${text}</span>`;
  const yours = duty === null ? null : html`<span class="soft">Yours: ${duty}</span>`;
  return html`<tr><td>${title}<span class="soft">§ ${citation}</span></td><td>${badge}</td><td>${evidence}${yours}</td></tr>\n`;
}

/** Where the audit trail stood: whoever keeps this page can tell later whether the trail was replaced. */
export function auditSection({ audit }: ReportBody): Html {
  if (audit.head === null)
    return html`<section><h2>Audit trail</h2><p>The audit trail is empty.</p></section>`;
  const rows: [string, string][] = [
    ['Newest event', `number ${audit.head.seq}, ${time(audit.head.at)} UTC`],
    ['Its hash', audit.head.hash],
    [
      'Events',
      `${audit.eventsInPeriod} in the last 24 hours, ${audit.refusalsInPeriod} of them refused or failed`,
    ],
    [
      'Recomputed',
      audit.brokenAt === null
        ? `${audit.checkedEvents} events: each hash fits, and no number is left out`
        : `${audit.checkedEvents} events: BROKEN at event ${audit.brokenAt}`,
    ],
    ['Head of the report before', HEADS[String(audit.previousHeadStands)] as string],
  ];
  return html`<section><h2>Audit trail</h2>
<dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${name === 'Its hash' ? html`<code>${value}</code>` : value}</dd>\n`)}</dl>
<p class="soft">Each event carries the hash of the one before it. A copy of this page outside the system shows whether the trail was changed later: event ${audit.head.seq} must still have this hash.</p></section>`;
}

const HEADS: Readonly<Record<string, string>> = {
  true: 'still stands in the trail',
  false: 'GONE or CHANGED',
  null: 'there is none',
};
