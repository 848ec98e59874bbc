import type { ReportBody, ReportFacts } from '../contracts/report-body.js';
import { checkCompliance } from '../policy/compliance.js';
import { findAttention } from '../policy/report-attention.js';
import { summarise } from '../policy/report-summary.js';

/** The facts and what follows from them, as they are kept. */
export function composeReport(
  facts: ReportFacts,
  about: { readonly id: string; readonly source: string | null; readonly now: Date },
): ReportBody {
  const attention = findAttention(facts, about.now);
  return {
    format: 1,
    id: about.id,
    source: about.source,
    madeAt: about.now,
    summary: summarise(facts, attention),
    attention,
    compliance: checkCompliance(facts, about.now),
    ...facts,
  };
}
