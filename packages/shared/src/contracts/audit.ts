import { z } from 'zod';
import { timestamp } from './backup.js';

/** One event of the audit trail, with all that its hash covers. */
export const auditEvent = z.object({
  /** Place in the trail, from 1, without gaps. */
  seq: z.int(),
  /** To the microsecond, as it was hashed. */
  at: z.iso.datetime(),
  actorId: z.uuid().nullable(),
  /** A user's name, or `cli:<user of the operating system>`, `worker`, `schedule`, `anonymous`. */
  actor: z.string(),
  address: z.string().nullable(),
  /** `area.verb` */
  action: z.string(),
  target: z.string().nullable(),
  result: z.enum(['ok', 'refused', 'failed']),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  /** sha256, hex: of the event before, and of this one with it. */
  prevHash: z.string(),
  hash: z.string(),
});

export type AuditEventRow = z.infer<typeof auditEvent>;

const word = z
  .string()
  .min(1)
  .max(200)
  .regex(/^\P{C}*$/u, 'it holds a control character');

/** GET /audit */
export const auditQuery = z
  .strictObject({
    limit: z.coerce.number().int().min(1).max(1000).default(50),
    offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
    /** One action (`backup.request`) or all of one area (`backup`). */
    action: word.optional(),
    actor: word.optional(),
    target: word.optional(),
    /** From this time on. */
    since: timestamp.optional(),
    /** Before this time. */
    until: timestamp.optional(),
  })
  .refine(
    ({ since, until }) => since === undefined || until === undefined || since < until,
    'since must be before until',
  );

export type AuditQuery = z.output<typeof auditQuery>;

/** Where the trail ends; kept elsewhere, it proves later that nothing was cut off. */
export const auditHead = z.object({ seq: z.int(), hash: z.string() });

export type AuditHead = z.infer<typeof auditHead>;
