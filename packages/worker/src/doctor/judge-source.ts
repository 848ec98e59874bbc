import { seconds } from '@safekeep/shared/format';
import type { SourceFacts } from '@safekeep/shared/history/doctor-facts';
import { type Diagnosis, ok, problem, warning } from './diagnosis.js';

/** The daily verification and the weekly recovery test, and a day of grace; seconds. */
const VERIFICATION_DUE = 2 * 86_400;
const RECOVERY_TEST_DUE = 8 * 86_400;

/** Whether a source is backed up, verified and proven to restore as often as it should be. Ages by history's clock. */
export function judgeSource(source: string, facts: SourceFacts, rpoTarget: number): Diagnosis[] {
  const age = (since: Date | null) =>
    since === null ? null : (facts.now.getTime() - since.getTime()) / 1000;
  const subject = `backups of ${source}`;
  const found = [judgeBackups(subject, age(facts.lastBackup), rpoTarget)];
  if (facts.lastFailure !== null) {
    const hint = `backup.sh list --status failed --source ${source} --limit 1, then: backup.sh show ID`;
    found.push(problem(subject, `the newest one failed with ${facts.lastFailure}`, hint, 1));
  }
  found.push(
    judgeProof(subject, 'verification', age(facts.lastVerification), VERIFICATION_DUE, 'backup.sh test'),
    judgeProof(subject, 'recovery test', age(facts.lastRecoveryTest), RECOVERY_TEST_DUE, 'backup.sh verify'),
  );
  return found;
}

function judgeBackups(subject: string, age: number | null, rpoTarget: number): Diagnosis {
  if (age === null) return problem(subject, 'there is none yet', 'Take one: backup.sh full', 1);
  const message = `the newest is ${seconds(age)} old, the target is ${seconds(rpoTarget)}`;
  if (age <= rpoTarget) return ok(subject, message);
  return problem(subject, message, 'See why: backup.sh status, then take one: backup.sh full', 1);
}

function judgeProof(subject: string, what: string, age: number | null, due: number, verb: string): Diagnosis {
  if (age === null) return warning(subject, `no ${what} has passed yet`, `Run one: ${verb}`);
  const message = `the last ${what} that passed is ${seconds(age)} ago`;
  return age <= due ? ok(subject, message) : warning(subject, message, `Run one: ${verb}`);
}
