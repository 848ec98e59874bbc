import { z } from 'zod';

const value = z.union([z.string(), z.number(), z.null()]);

/** One difference between a restored copy and what the sidecar says of the source. It holds no row values. */
export const finding = z.object({
  kind: z.string().describe('`table`, `rows`, `large-objects` and others.'),
  object: z.string().describe('What differs, such as `public.patients`.'),
  expected: value,
  actual: value,
});

export type Finding = z.infer<typeof finding>;
