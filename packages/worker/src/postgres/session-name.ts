/**
 * How the sessions of one run are called in pg_stat_activity, or how their names begin: a successor of a run that died ends
 * these and nobody else's. A server keeps 63 bytes of it.
 */
export function sessionNameOf(runId: string): string {
  return `safekeep-${runId}`;
}
