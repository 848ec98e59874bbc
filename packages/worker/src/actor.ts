import type { Actor } from '@safekeep/shared/audit/audit';

/** Who acts, for the audit trail, when a worker does something on its own behalf. */
export const WORKER: Actor = { id: null, name: 'worker', address: null };
