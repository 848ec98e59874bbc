import { formatCount } from '../demo/figures.js';
import { changeKey, changeTitle } from './change.js';
import type { BackupRun, Measurements, PhysicalRun, Scenario } from './measurements.js';
import { comparison, noFigure, type Row, type Unit } from './row.js';
import { spread } from './spread.js';

const UNITS: readonly Unit[] = ['seconds', 'bytes'];

/** The incrementals of a scenario that are any; a promoted one is a full, whatever was asked for. */
export function trueIncrements(scenario: Scenario): BackupRun[] {
  return scenario.increments.filter(({ type }) => type === 'incremental');
}

/** Why there is no incremental, or `null`. */
export function promotion(scenario: Scenario): string | null {
  const promoted = scenario.increments.find(({ type }) => type !== 'incremental');
  return promoted === undefined ? null : (promoted.promotedReason ?? 'no reason is given');
}

/** Incrementals beside the full that they build on, and beside pgBackRest's. */
export function incrementalRows(scenarios: readonly Scenario[]): Row[] {
  return UNITS.flatMap((unit) => scenarios.map((scenario) => againstFull(scenario, unit))).concat(
    scenarios.flatMap(againstPhysical),
  );
}

function againstFull(scenario: Scenario, unit: Unit): Row {
  const key = `incremental/${changeKey(scenario.change)}/full/${unit}`;
  const after = `after ${changeTitle(scenario.change)} (${formatCount(scenario.rows)} rows)`;
  const increments = trueIncrements(scenario);
  if (increments.length === 0) {
    return noFigure({
      key,
      what: `**NO INCREMENTAL** ${after}: promoted to a full, ${promotion(scenario)}`,
      unit,
    });
  }
  const what = `incremental ${after} ÷ the full it builds on`;
  return comparison(
    { key, what, unit },
    increments.map((run) => [run[unit], scenario.base[unit]]),
  );
}

/** pgBackRest's `incr` can be measured once a change, so it stands beside the median of Safekeep's. */
function againstPhysical(scenario: Scenario): Row[] {
  const increments = trueIncrements(scenario);
  if (increments.length === 0) return [];
  return Object.entries(scenario.physical).flatMap(([variant, run]) =>
    UNITS.map((unit) => {
      const key = `incremental/${changeKey(scenario.change)}/pgbackrest (${variant})/${unit}`;
      const what = `incremental after ${changeTitle(scenario.change)} ÷ pgBackRest incr (${variant})`;
      return comparison({ key, what, unit }, [
        [spread(increments.map((each) => each[unit])).median, run[unit]],
      ]);
    }),
  );
}

/** Fulls beside pgBackRest's. They were not taken next to each other, so all are divided by the other's median. */
export function physicalFullRows({ physical, full, scenarios }: Measurements): Row[] {
  const mine = [...full.map(({ runs }) => runs.safekeep), ...scenarios.map(({ base }) => base)];
  if (mine.length === 0) return [];
  return Object.entries(physical).flatMap(([variant, runs]: [string, readonly PhysicalRun[]]) =>
    UNITS.map((unit) => {
      const reference = spread(runs.map((run) => run[unit]));
      const row = comparison(
        { key: `full/pgbackrest (${variant})/${unit}`, what: `full ÷ pgBackRest full (${variant})`, unit },
        mine.map((run) => [run[unit], reference.median]),
      );
      return { ...row, reference };
    }),
  );
}
