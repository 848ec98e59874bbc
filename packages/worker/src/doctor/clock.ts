import { type Diagnosis, ok, problem, warning } from './diagnosis.js';

/** A difference that no job feels, in seconds. */
const TOLERATED = 5;
/** From here on names of files, ages of backups and access tokens are wrong, in seconds. */
const HARMFUL = 60;

const SYNCHRONISE = 'Synchronise the clocks of all machines (chrony, systemd-timesyncd).';

/**
 * Compares another machine's clock with ours.
 *
 * @param ours milliseconds before and after the question was asked; the truth lies between
 */
export function compareClocks(
  subject: string,
  theirs: number,
  ours: { readonly asked: number; readonly answered: number },
): Diagnosis {
  const beyond = theirs > ours.answered ? theirs - ours.answered : Math.max(0, ours.asked - theirs);
  const seconds = Math.round(beyond / 1000);
  if (seconds <= TOLERATED) return ok(subject, 'its clock agrees with this machine’s');
  const side = theirs > ours.answered ? 'ahead of' : 'behind';
  const message = `its clock is ${seconds} s ${side} this machine’s`;
  return seconds < HARMFUL
    ? warning(subject, message, SYNCHRONISE)
    : problem(subject, message, SYNCHRONISE, 1);
}
