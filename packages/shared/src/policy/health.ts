import type { Severity } from '../contracts/alert.js';
import type { ComplianceStatus } from '../contracts/monitoring.js';

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** Verifications run daily: data that came in time is verified this much later at the latest, in seconds. */
const VERIFICATION_GRACE = DAY;
/** Recovery tests run weekly; a day is left for one that starts late or runs long. Seconds. */
const RECOVERY_TEST_DUE = 8 * DAY;
/** A month without proof that anything restores is no delay any more. Seconds. */
const RECOVERY_TEST_LOST = 30 * DAY;

/** What history proves of one source. Only backups count whose file, and that of their base, is there as far as history knows. */
export interface SourceProof {
  readonly source: string;
  /** End of the oldest and of the newest successful backup. */
  readonly firstSuccessAt: Date | null;
  readonly lastSuccessAt: Date | null;
  /** Start of the newest successful backup: nothing in it is newer. */
  readonly newestDataAt: Date | null;
  /** How the newest backup that ended did; `null` before the first. */
  readonly lastBackupOk: boolean | null;
  readonly lastVerificationAt: Date | null;
  readonly lastVerificationOk: boolean | null;
  readonly lastVerificationPassedAt: Date | null;
  /** Backups that should be there and whose newest verdict is a failure. */
  readonly unsoundBackups: number;
  readonly lastRecoveryTestAt: Date | null;
  readonly lastRecoveryTestOk: boolean | null;
  readonly lastRecoveryTestPassedAt: Date | null;
  /** Of the newest recovery test that passed. */
  readonly lastRtoSeconds: number | null;
}

/** Seconds. */
export interface Targets {
  readonly rto: number;
  readonly rpo: number;
}

export type ComplianceReasonName =
  | 'no-backup'
  | 'data-too-old'
  | 'verification-failed'
  | 'recovery-test-failed'
  | 'recovery-test-missing'
  | 'critical-alert'
  | 'backup-failed'
  | 'verification-overdue'
  | 'unsound-backup'
  | 'recovery-test-overdue'
  | 'restore-too-slow'
  | 'warning-alert';

interface ComplianceReason {
  readonly status: 'at_risk' | 'non_compliant';
  /** `null` for what concerns all sources. */
  readonly source: string | null;
  readonly reason: ComplianceReasonName;
}

export interface Compliance {
  readonly status: ComplianceStatus;
  readonly reasons: readonly ComplianceReason[];
}

/**
 * The rule behind `complianceStatus`, told in docs/OPERATIONS.md ("Monitoring"). `non_compliant`: what the plan promises
 * does not hold now. `at_risk`: it holds, and something that proves or protects it is late or failed. Each fact that
 * speaks against a source is a reason; the worst one decides.
 */
export function assessCompliance(
  proofs: readonly SourceProof[],
  openAlerts: Readonly<Record<Severity, number>>,
  targets: Targets,
  now: Date,
): Compliance {
  const reasons = [
    ...proofs.flatMap((proof) => [
      ...aboutBackups(proof, targets, now),
      ...aboutVerifications(proof, targets, now),
      ...aboutRecoveryTests(proof, targets, now),
    ]),
    ...(openAlerts.critical > 0 ? [nonCompliant(null, 'critical-alert')] : []),
    ...(openAlerts.warning > 0 ? [atRisk(null, 'warning-alert')] : []),
  ];
  if (reasons.some(({ status }) => status === 'non_compliant')) return { status: 'non_compliant', reasons };
  return { status: reasons.length > 0 ? 'at_risk' : 'compliant', reasons };
}

function aboutBackups(proof: SourceProof, targets: Targets, now: Date): ComplianceReason[] {
  const { source, newestDataAt } = proof;
  if (newestDataAt === null) return [nonCompliant(source, 'no-backup')];
  return [
    ...(age(newestDataAt, now) > targets.rpo ? [nonCompliant(source, 'data-too-old')] : []),
    ...(proof.lastBackupOk === false ? [atRisk(source, 'backup-failed')] : []),
  ];
}

function aboutVerifications(proof: SourceProof, targets: Targets, now: Date): ComplianceReason[] {
  const { source, firstSuccessAt } = proof;
  if (proof.lastVerificationOk === false) return [nonCompliant(source, 'verification-failed')];
  const since = proof.lastVerificationPassedAt ?? firstSuccessAt;
  const late = since !== null && age(since, now) > targets.rpo + VERIFICATION_GRACE;
  return [
    ...(proof.unsoundBackups > 0 ? [atRisk(source, 'unsound-backup')] : []),
    ...(late ? [atRisk(source, 'verification-overdue')] : []),
  ];
}

function aboutRecoveryTests(proof: SourceProof, targets: Targets, now: Date): ComplianceReason[] {
  const { source, firstSuccessAt, lastRecoveryTestPassedAt: passed, lastRtoSeconds: rto } = proof;
  if (proof.lastRecoveryTestOk === false) return [nonCompliant(source, 'recovery-test-failed')];
  const since = passed ?? firstSuccessAt;
  if (since === null) return [];
  if (age(since, now) > RECOVERY_TEST_LOST) return [nonCompliant(source, 'recovery-test-missing')];
  // A source that was never restored is not proven, however new it is.
  if (passed === null || age(passed, now) > RECOVERY_TEST_DUE)
    return [atRisk(source, 'recovery-test-overdue')];
  return rto !== null && rto > targets.rto ? [atRisk(source, 'restore-too-slow')] : [];
}

/** Seconds. */
function age(time: Date, now: Date): number {
  return (now.getTime() - time.getTime()) / 1_000;
}

function nonCompliant(source: string | null, reason: ComplianceReasonName): ComplianceReason {
  return { status: 'non_compliant', source, reason };
}

function atRisk(source: string | null, reason: ComplianceReasonName): ComplianceReason {
  return { status: 'at_risk', source, reason };
}
