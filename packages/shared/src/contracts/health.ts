import { z } from 'zod';

/** GET /health/live: the process answers. */
export const liveness = z.object({ status: z.literal('live') });

export type Liveness = z.infer<typeof liveness>;

const partState = z.enum(['up', 'down']);

/** GET /health/ready: the process can do its work. A 503 carries `history` and `redis` too. */
export const readiness = z.object({ status: z.literal('ready'), history: partState, redis: partState });

export type Readiness = z.infer<typeof readiness>;
