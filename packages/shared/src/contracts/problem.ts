import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../errors.js';

/** Every answer that is not a success: RFC 9457 `application/problem+json`, with a stable code and a remedy. */
export const problem = z.looseObject({
  type: z.string().describe('`urn:safekeep:error:<code>`'),
  title: z.string().describe('The HTTP status in words.'),
  status: z.int(),
  detail: z.string(),
  instance: z
    .string()
    .describe('`urn:uuid:<request id>`, which is in the log and in the header X-Request-Id.'),
  code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
  hint: z.string(),
});

export type Problem = z.infer<typeof problem>;
