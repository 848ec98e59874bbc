import type { RecoveryTest } from '@safekeep/shared/contracts/recovery-test';
import type { Verification } from '@safekeep/shared/contracts/verification';
import { time } from '@safekeep/shared/format';
import { describeRecoveryTest } from './format-recovery-test.js';

/** What was done to prove a backup, the newest first; the newest recovery test in full when it found a difference. */
export function formatProofs(
  verifications: readonly Verification[],
  recoveryTests: readonly RecoveryTest[],
): string {
  const lines = [
    ...verifications.map((one) => line('verified', one, verdictOf(one))),
    ...recoveryTests.map((one) => line('restored', one, one.reason)),
  ];
  const newest = recoveryTests[0];
  if (newest?.status === 'failed') lines.push('', describeRecoveryTest(newest));
  return lines.join('\n');
}

function line(label: string, one: Verification | RecoveryTest, why: string | null): string {
  const at = `${time(one.endedAt ?? one.startedAt ?? one.createdAt)} UTC`;
  const facts = [one.status, one.errorCode, why].filter((fact) => fact !== null && fact !== '');
  return `${label.padEnd(12)} ${at}: ${facts.join(': ')}`;
}

/** `sound` tells no more than `passed`. */
function verdictOf({ verdict, failedAtByte, reason }: Verification): string | null {
  if (verdict === null || verdict === 'sound') return reason;
  return `${verdict}${failedAtByte === null ? '' : ` at byte ${failedAtByte}`}: ${reason ?? ''}`;
}
