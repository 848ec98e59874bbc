import { SafekeepError } from '@safekeep/shared/errors';
import { translateOutage } from '@safekeep/shared/history/outage';
import { describeError } from '@safekeep/shared/logger';

/** Prints why a process could not start and ends it with the catalogue's exit code. */
export function reportStartFailure(what: string, error: unknown): void {
  const known = translateOutage(error);
  if (known instanceof SafekeepError) {
    process.stderr.write(`${what}: ${known.message}\n  ${known.hint}\n`);
    process.exit(known.exitCode);
  }
  const facts = describeError(error);
  process.stderr.write(`${what}: failed (${facts.code}): ${facts.message}\n`);
  process.exit(1);
}
