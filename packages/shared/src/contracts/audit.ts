import { z } from 'zod';
import { timestamp } from './backup.js';
import { wholeNumber } from './whole-number.js';

/** One event of the audit trail, with all that its hash covers. */
export const auditEvent = z.object({
  seq: z.int().describe('Place in the trail, from 1, without gaps.'),
  at: z.iso.datetime().describe('To the microsecond, as it was hashed.'),
  actorId: z.uuid().nullable().describe('The user; `null` for everybody else.'),
  actor: z
    .string()
    .describe("A user's name, or `cli:<user of the operating system>`, `worker`, `schedule`, `anonymous`."),
  address: z.string().nullable(),
  action: z.string().describe('`area.verb`'),
  target: z.string().nullable(),
  result: z.enum(['ok', 'refused', 'failed']),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  prevHash: z.string().describe('sha256 of the event before, hex.'),
  hash: z.string().describe('sha256 of this event with `prevHash`, hex.'),
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
    limit: wholeNumber(1, 1000, 50),
    offset: wholeNumber(0, 10_000_000, 0),
    action: word.optional().describe('One action (`backup.request`) or all of one area (`backup`).'),
    actor: word.optional(),
    target: word.optional(),
    since: timestamp.optional().describe('From this time on.'),
    until: timestamp.optional().describe('Before this time.'),
  })
  .refine(
    ({ since, until }) => since === undefined || until === undefined || since < until,
    'since must be before until',
  );

export type AuditQuery = z.output<typeof auditQuery>;

/** Where the trail ends; kept elsewhere, it proves later that nothing was cut off. */
const auditHead = z.object({ seq: z.int(), hash: z.string() });

export type AuditHead = z.infer<typeof auditHead>;
