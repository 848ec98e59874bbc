import { z } from 'zod';

const value = z.union([z.string(), z.number(), z.null()]);

/** One difference between a restored copy and what the sidecar says of the source. It holds no row values. */
export const finding = z.object({
  /** `table`, `rows`, `large-objects` and others. */
  kind: z.string(),
  /** What differs, such as `public.patients`. */
  object: z.string(),
  expected: value,
  actual: value,
});

export type Finding = z.infer<typeof finding>;
