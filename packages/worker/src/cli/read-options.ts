import { fail } from '@safekeep/shared/errors';
import type { z } from 'zod';

/**
 * Checks options against the contract that the API has for the same question.
 * @param optionOf the options that have another name than their field
 * @throws SafekeepError REQUEST_INVALID with each option and what is wrong with it
 */
export function readOptions<T>(
  contract: z.ZodType<T>,
  given: Readonly<Record<string, unknown>>,
  optionOf: Readonly<Record<string, string>> = {},
): T {
  const read = contract.safeParse(given);
  if (read.success) return read.data;
  const problems = read.error.issues.map(({ path, message }) => {
    const field = String(path[0]);
    return `--${optionOf[field] ?? field}: ${message}`;
  });
  throw fail('REQUEST_INVALID', { problems: problems.join('; ') });
}
