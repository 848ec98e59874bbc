import type { ReportBody } from '../contracts/report-body.js';
import { bytes } from '../format.js';

/** The report for a terminal: the verdict first, then what to look at, a line for each source, and the checklist's count. */
export function reportText(body: ReportBody): string {
  const lines = [`${body.summary.headline}.`];
  if (body.attention.length > 0) lines.push('', 'What needs attention:');
  for (const { severity, source, text, remedy } of body.attention) {
    lines.push(
      `  ${severity.padEnd(8)} ${source === null ? '' : `${source}: `}${text}`,
      `           ${remedy}`,
    );
  }
  lines.push('', 'Last 24 hours:');
  for (const { name, period, kept } of body.sources) {
    lines.push(
      `  ${name}: ${period.completed} completed, ${period.failed} failed; kept ${kept.count} (${bytes(kept.bytes)}): ${kept.sound} sound, ${kept.damaged} damaged, ${kept.neverVerified} not verified yet`,
    );
  }
  lines.push('', ...checklist(body));
  if (body.audit.head !== null)
    lines.push(`Audit trail: event ${body.audit.head.seq}, ${body.audit.head.hash}`);
  // A file's name may hold what a terminal would obey.
  return lines.map((line) => line.replace(/\p{Cc}/gu, '?')).join('\n');
}

function checklist({ compliance }: ReportBody): string[] {
  const missing = compliance.filter((item) => item.status === 'missing');
  const met = compliance.filter((item) => item.status === 'met').length;
  const rest = compliance.length - met - missing.length;
  return [
    `Checklist: ${met} met, ${missing.length} missing, ${rest} not measurable by software`,
    ...missing.map((item) => `  missing  § ${item.citation.padEnd(22)} ${item.title}`),
  ];
}
