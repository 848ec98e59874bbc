/** Why an incremental cannot be shown to be exact, so that a full backup is taken instead. */
export interface Promotion {
  /** Stable; for logs and the audit trail. */
  readonly code: PromotionCode;
  /** A sentence for people, without row values. */
  readonly reason: string;
}

export type PromotionCode =
  | 'no-base'
  | 'base-unusable'
  | 'fingerprint-off'
  | 'server-changed'
  | 'server-restarted'
  | 'too-many-transactions'
  | 'schema-changed'
  | 'large-objects-changed'
  | 'tables-differ';

export function promotion(code: PromotionCode, reason: string): Promotion {
  return { code, reason };
}
