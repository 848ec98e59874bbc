import type { AlertRule, Severity } from '../../contracts/alert.js';
import type { AlertFacts } from '../alert-facts.js';

/** An alert that should be open now. Rule, source and subject tell it from all others. */
export interface WantedAlert {
  readonly rule: AlertRule;
  readonly severity: Severity;
  readonly source: string | null;
  readonly subject: string;
  /** What, since when, and what to do; never a row's value or a URL. */
  readonly message: string;
  readonly detail: Readonly<Record<string, string | number | null>>;
}

/** Decides from the facts alone; what it no longer wants is resolved. */
export type Rule = (facts: AlertFacts) => WantedAlert[];
