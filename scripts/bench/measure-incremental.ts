import { applyChange, type Change, changeTitle, inOrder, isGoal } from './change.js';
import type { PartNeeds } from './measure-full.js';
import type { BackupRun, PhysicalRun, Scenario } from './measurements.js';
import type { PgBackRest } from './pgbackrest.js';

export interface ScenarioNeeds extends PartNeeds {
  /** The superuser's URL of the source. */
  readonly clinicUrl: string;
  readonly changes: readonly Change[];
  readonly pgBackRest: PgBackRest | null;
  readonly signal: AbortSignal;
}

/**
 * Each change has a fresh full of its own as its base, so that no incremental holds anything of another change: undoing a
 * change instead would itself be one. Incrementals are cumulative, so taking one again repeats the measurement.
 */
export async function measureIncrementals(needs: ScenarioNeeds): Promise<Scenario[]> {
  const scenarios: Scenario[] = [];
  for (const [index, change] of inOrder(needs.changes).entries()) {
    scenarios.push(await measureScenario(needs, change, index + 1));
  }
  return scenarios;
}

async function measureScenario(needs: ScenarioNeeds, change: Change, salt: number): Promise<Scenario> {
  const { jobs, pairs, pgBackRest, clinicUrl, signal } = needs;
  const say = (text: string) => needs.say(`${changeTitle(change)}: ${text}`);
  const base = await jobs.full();
  say(`base ${base.seconds.toFixed(1)} s`);
  const variants = pgBackRest?.variants.filter(({ slow }) => !slow || isGoal(change)) ?? [];
  pgBackRest?.startArchiving(variants);
  // What happened since its last backup, so that the next one holds this change alone.
  for (const variant of variants) await pgBackRest?.backup(variant, 'incr');
  const rows = await applyChange(clinicUrl, change, { salt, signal });
  await pgBackRest?.archived();
  say(`${rows} rows changed`);
  const increments: BackupRun[] = [];
  for (let number = 1; number <= pairs; number += 1) {
    const run = await jobs.incremental();
    increments.push(run);
    const promoted = run.type === 'full' ? `, PROMOTED TO A FULL: ${run.promotedReason}` : '';
    say(`incremental ${number} of ${pairs} ${run.seconds.toFixed(1)} s${promoted}`);
    // Another promotion would take as long as a full and tell nothing new.
    if (run.type === 'full') break;
  }
  const physical: Record<string, PhysicalRun> = {};
  for (const variant of variants) {
    const run = await pgBackRest?.backup(variant, 'incr');
    if (run === undefined) continue;
    physical[variant.name] = run;
    say(`pgBackRest incr (${variant.name}) ${run.seconds.toFixed(1)} s`);
  }
  pgBackRest?.stopArchiving();
  return { change, rows, base, increments, physical };
}

/** Fulls of pgBackRest; the last one of each variant is the beginning of its incrementals. */
export async function measurePhysicalFulls(
  pgBackRest: PgBackRest,
  { pairs, say }: Pick<PartNeeds, 'pairs' | 'say'>,
): Promise<Record<string, PhysicalRun[]>> {
  const runs: Record<string, PhysicalRun[]> = {};
  pgBackRest.startArchiving(pgBackRest.variants);
  for (let number = 1; number <= pairs; number += 1) {
    for (const variant of pgBackRest.variants.filter(({ slow }) => !slow || number === 1)) {
      const run = await pgBackRest.backup(variant, 'full');
      runs[variant.name] = [...(runs[variant.name] ?? []), run];
      say(`pgBackRest full ${number} of ${pairs} (${variant.name}) ${run.seconds.toFixed(1)} s`);
    }
  }
  pgBackRest.stopArchiving();
  return runs;
}
