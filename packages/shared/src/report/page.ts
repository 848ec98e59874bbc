import type { AttentionPoint, ReportBody } from '../contracts/report-body.js';
import { age, day, time } from '../format.js';
import { Html, html } from '../html.js';
import { GLOSSARY } from './glossary.js';
import { auditSection, checklistSection } from './page-evidence.js';
import { operationsSection } from './page-operations.js';
import { sourceSection } from './page-source.js';
import { CONTENT_POLICY, STYLE } from './style.js';

/** A report as one page that needs nothing else: no script, no other file, no network. */
export function reportPage(body: ReportBody): string {
  const title = `Backup report of ${day(body.madeAt)}${body.source === null ? '' : `, source ${body.source}`}`;
  return html`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${CONTENT_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">
<title>${title}</title><style>${new Html(STYLE)}</style></head>
<body>
<header><h1>${title}</h1>
<p class="soft">${time(body.period.start)} to ${time(body.period.end)} UTC, trends since ${day(body.trend.start)}. All times are UTC.</p></header>
<main>
${summarySection(body)}
<section><h2>What needs attention</h2>${attention(body.attention)}</section>
${body.sources.map((source) => sourceSection(source, body))}
${operationsSection(body)}
${checklistSection(body)}
${auditSection(body)}
<section><h2>Glossary</h2><dl class="facts">${GLOSSARY.map(([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>\n`)}</dl></section>
</main>
<footer>Report ${body.id}, made by Safekeep ${body.configuration.version} at ${time(body.madeAt)} UTC. Reports are evidence: keep them for six years.</footer>
</body></html>
`.text;
}

const VERDICTS: Readonly<Record<ReportBody['summary']['verdict'], string>> = {
  protected: '✓ Every source is protected.',
  attention: '! Every source is protected, and something needs attention.',
  unprotected: '✗ Not every source is protected.',
};

function summarySection({ summary, sources }: ReportBody): Html {
  const configured = sources.filter((source) => source.configured);
  const ages = configured.flatMap((source) => source.newestSuccess?.dataAgeSeconds ?? []);
  const proofs = configured.map((source) => source.recoveryTests.newestPassed?.endedAt ?? null);
  const unproven = proofs.length === 0 || proofs.includes(null);
  const oldest = Math.min(...proofs.map((proof) => proof?.getTime() ?? 0));
  return html`<section class="banner ${summary.verdict}" aria-label="Summary"><p>${VERDICTS[summary.verdict]}</p>
<dl class="tiles">
<div><dt>Sources protected</dt><dd>${summary.protectedSources} of ${summary.sources}</dd></div>
<div><dt>Newest backup${ages.length > 1 ? ', worst source' : ''}</dt><dd>${ages.length === 0 ? 'none' : `${age(Math.max(...ages))} old`}</dd></div>
<div><dt>Restore last proven${proofs.length > 1 ? ', for all' : ''}</dt><dd>${unproven ? 'not for all' : day(new Date(oldest))}</dd></div>
<div><dt>Points to look at</dt><dd>${summary.points}</dd></div>
</dl></section>`;
}

function attention(points: readonly AttentionPoint[]): Html {
  if (points.length === 0) return html`<p>Nothing.</p>`;
  const lines = points.map(
    ({ severity, source, text, remedy }) =>
      html`<li class="${severity}"><span class="badge ${severity}">${severity}</span> ${source === null ? null : html`<strong>${source}</strong>: `}${text}<span class="soft">${remedy}</span></li>\n`,
  );
  return html`<ul class="points">${lines}</ul>`;
}
