import { fail } from '@safekeep/shared/errors';
import { z } from 'zod';
import type { Input, RequestSchemas } from '../route.js';

const nothing = z.strictObject({});
/** Enough to correct a request by; a client that sends a thousand wrong fields learns about the first ones. */
const PROBLEMS_SHOWN = 5;
const LONGEST_PROBLEM = 160;

/** The parts of a request as they came. */
type RawInput = Readonly<Record<keyof RequestSchemas, unknown>>;

/**
 * Validates the parts of a request.
 * @throws SafekeepError REQUEST_INVALID that names fields and rules, and quotes no value.
 */
export function readInput<S extends RequestSchemas>(schemas: S, raw: RawInput): Input<S> {
  const schema = z.object({
    query: schemas.query ?? nothing,
    params: schemas.params ?? nothing,
    ...(schemas.body && { body: schemas.body }),
    ...(schemas.headers && { headers: schemas.headers }),
  });
  const result = schema.safeParse(raw);
  if (result.success) return result.data as Input<S>;
  const problems = result.error.issues
    .slice(0, PROBLEMS_SHOWN)
    .map((issue) => `${issue.path.join('.')}: ${issue.message}`.slice(0, LONGEST_PROBLEM));
  throw fail('REQUEST_INVALID', { problems: problems.join('; ') });
}
