import type { StorageState } from '../contracts/storage.js';
import { explainFinding, type StorageFinding } from '../policy/inventory.js';
import type { Database } from './database.js';

/**
 * Brings the findings of a source up to date: new ones open, those that are there still are seen again, the others are
 * resolved. In one transaction with what led to them.
 */
export async function writeFindings(
  db: Database,
  source: string,
  findings: readonly StorageFinding[],
): Promise<void> {
  await db.query(
    `INSERT INTO storage_findings (id, source, kind, name, size_bytes)
     SELECT gen_random_uuid(), $1, kind, name, size FROM unnest($2::text[], $3::text[], $4::bigint[]) AS f (kind, name, size)
     ON CONFLICT (source, kind, name) WHERE resolved_at IS NULL
     DO UPDATE SET last_seen_at = now(), size_bytes = excluded.size_bytes`,
    [
      source,
      findings.map((finding) => finding.kind),
      findings.map((finding) => finding.name),
      findings.map((finding) => finding.sizeBytes),
    ],
  );
  await db.query(
    `UPDATE storage_findings SET resolved_at = now()
     WHERE source = $1 AND resolved_at IS NULL
       AND NOT (kind, name) IN (SELECT * FROM unnest($2::text[], $3::text[]))`,
    [source, findings.map((finding) => finding.kind), findings.map((finding) => finding.name)],
  );
}

interface StorageSample {
  readonly source: string;
  /** Bytes. */
  readonly free: number;
  readonly total: number;
  readonly backups: number;
}

export async function insertSample(db: Database, sample: StorageSample): Promise<void> {
  await db.query(
    `INSERT INTO storage_samples (source, free_bytes, total_bytes, backup_bytes) VALUES ($1, $2, $3, $4)
     ON CONFLICT (source, at) DO NOTHING`,
    [sample.source, sample.free, sample.total, sample.backups],
  );
  // A little more than a year shows the trend; a forecast needs weeks.
  await db.query(`DELETE FROM storage_samples WHERE source = $1 AND at < now() - interval '400 days'`, [
    sample.source,
  ]);
}

/** Whether nobody has looked at the source's directory for so many seconds. */
export async function isInventoryDue(db: Database, source: string, seconds: number): Promise<boolean> {
  const { rows } = await db.query<{ due: boolean }>(
    `SELECT NOT EXISTS (SELECT FROM storage_samples WHERE source = $1 AND at > now() - make_interval(secs => $2)) AS due`,
    [source, seconds],
  );
  return rows[0]?.due === true;
}

/** What is open now, by source and kind, and when somebody last looked. */
export async function readStorageState(db: Database): Promise<StorageState> {
  const { rows } = await db.query<Omit<StorageState['findings'][number], 'message'>>(
    `SELECT source, kind, name, size_bytes AS "sizeBytes", first_seen_at AS "firstSeenAt", last_seen_at AS "lastSeenAt"
     FROM storage_findings WHERE resolved_at IS NULL ORDER BY source, kind, name`,
  );
  const last = await db.query<{ at: Date | null }>('SELECT max(at) AS at FROM storage_samples');
  return {
    checkedAt: last.rows[0]?.at ?? null,
    findings: rows.map((row) => ({ ...row, message: explainFinding(row) })),
  };
}
