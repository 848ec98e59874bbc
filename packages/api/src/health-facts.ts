import type { Alert } from '@safekeep/shared/contracts/alert';
import { countOpenAlerts, listOpenAlerts } from '@safekeep/shared/history/alerts';
import { readTime } from '@safekeep/shared/history/clock';
import { type HealthFigures, readHealthFigures, readSourceProofs } from '@safekeep/shared/history/health';
import { assessCompliance, type Compliance, type Targets } from '@safekeep/shared/policy/health';
import type pg from 'pg';

/** All that the health is made of. */
export interface HealthFacts {
  readonly figures: HealthFigures;
  readonly compliance: Compliance;
  readonly alerts: readonly Alert[];
}

interface Parts {
  readonly pool: pg.Pool;
  readonly sourceNames: readonly string[];
  readonly targets: Targets;
}

export async function readHealthFacts(parts: Parts): Promise<HealthFacts> {
  return {
    figures: await readHealthFigures(parts.pool),
    compliance: await readCompliance(parts),
    alerts: await listOpenAlerts(parts.pool),
  };
}

/** What holds now, of all sources that are configured. */
export async function readCompliance({ pool, sourceNames, targets }: Parts): Promise<Compliance> {
  const proofs = await readSourceProofs(pool, sourceNames);
  return assessCompliance(proofs, await countOpenAlerts(pool), targets, await readTime(pool));
}
