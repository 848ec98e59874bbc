import type { Alert } from '../contracts/alert.js';
import type { AlertKey } from './alert-facts.js';
import type { WantedAlert } from './alert-rules/wanted-alert.js';

export interface AlertChanges {
  readonly raise: readonly WantedAlert[];
  readonly update: readonly { readonly id: string; readonly wanted: WantedAlert }[];
  readonly resolve: readonly Alert[];
}

/** What brings the open alerts into agreement with the wanted ones. An alert that stays as it is is not touched. */
export function compareAlerts(open: readonly Alert[], wanted: readonly WantedAlert[]): AlertChanges {
  const openByKey = new Map(open.map((alert) => [keyOf(alert), alert]));
  const wantedByKey = new Map(wanted.map((alert) => [keyOf(alert), alert]));
  const pairs = [...wantedByKey].map(([key, alert]) => ({ wanted: alert, before: openByKey.get(key) }));
  return {
    raise: pairs.filter(({ before }) => before === undefined).map((pair) => pair.wanted),
    update: pairs.flatMap((pair) =>
      pair.before !== undefined && differs(pair.before, pair.wanted)
        ? [{ id: pair.before.id, wanted: pair.wanted }]
        : [],
    ),
    resolve: open.filter((alert) => !wantedByKey.has(keyOf(alert))),
  };
}

function keyOf({ rule, source, subject }: AlertKey): string {
  return JSON.stringify([rule, source, subject]);
}

function differs(before: Alert, wanted: WantedAlert): boolean {
  return (
    before.severity !== wanted.severity ||
    before.message !== wanted.message ||
    Object.entries(wanted.detail).some(([name, value]) => before.detail[name] !== value)
  );
}
