import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../errors.js';

/** Every answer that is not a success: RFC 9457 `application/problem+json`, with a stable code and a remedy. */
export const problem = z.looseObject({
  /** `urn:safekeep:error:<code>` */
  type: z.string(),
  /** The HTTP status in words. */
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  /** `urn:uuid:<request id>`, which is in the log and in the header X-Request-Id. */
  instance: z.string(),
  code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
  hint: z.string(),
});

export type Problem = z.infer<typeof problem>;
