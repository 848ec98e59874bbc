import { z } from 'zod';
import { isCron } from '../config/cron.js';
import { sourceName } from '../config/sources.js';
import { timestamp } from './backup.js';

/** The schedules by name; the verb of the command line that does the same by hand has the same name. */
export const scheduleName = z.enum(['full', 'incremental', 'test', 'verify', 'cleanup', 'report']);

export type ScheduleName = z.infer<typeof scheduleName>;

/** The source of a schedule that is about all sources together. */
export const ALL_SOURCES = '*';

export const scheduleSource = z.union([sourceName, z.literal(ALL_SOURCES)]);

/** One of GET /backup/schedules */
export const schedule = z.object({
  name: scheduleName,
  source: scheduleSource.describe('`*` where the schedule is about all sources together.'),
  cron: z.string().describe('Five cron fields in the time zone below, or `off`: what holds now.'),
  envCron: z.string().describe('What the environment says; it holds unless `overridden`.'),
  overridden: z.boolean(),
  paused: z.boolean(),
  timezone: z.string(),
  nextRun: timestamp.nullable().describe('`null` when it is off or paused.'),
  lastDueAt: timestamp.nullable().describe('The newest due time that was served.'),
  lastLate: z.boolean().nullable().describe('Whether that was late.'),
  updatedAt: timestamp,
  updatedBy: z.uuid().nullable().describe('The user who changed it last; `null` where the environment did.'),
});

export type Schedule = z.infer<typeof schedule>;

/** PATCH /backup/schedules/:name; an unknown name is a 404 that tells the known ones. */
export const scheduleParams = z.strictObject({
  name: z
    .string()
    .max(32)
    .describe(`One of ${scheduleName.options.map((name) => `\`${name}\``).join(', ')}.`),
});

/** PATCH /backup/schedules/:name */
export const scheduleChange = z
  .strictObject({
    source: scheduleSource
      .optional()
      .describe('`main` where it is left out, or `*` for a schedule of all sources.'),
    cron: z
      .string()
      .max(100)
      .refine((value) => value === 'off' || isCron(value), {
        message: 'it needs five cron fields such as "0 2 * * *", off, or null to take an override back',
      })
      .nullable()
      .optional()
      .describe('A cron expression or `off` overrides the environment, `null` takes the override back.'),
    paused: z.boolean().optional(),
  })
  .refine((change) => change.cron !== undefined || change.paused !== undefined, {
    message: 'it needs cron, paused or both',
  })
  .meta({ examples: [{ cron: '30 1 * * *' }] });

export type ScheduleChange = z.infer<typeof scheduleChange>;
