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
  /** `*` where the schedule is about all sources together. */
  source: scheduleSource,
  /** Five cron fields in the time zone below, or `off`: what holds now. */
  cron: z.string(),
  /** What the environment says; it holds unless `overridden`. */
  envCron: z.string(),
  overridden: z.boolean(),
  paused: z.boolean(),
  timezone: z.string(),
  /** `null` when it is off or paused. */
  nextRun: timestamp.nullable(),
  /** The newest due time that was served, and whether that was late. */
  lastDueAt: timestamp.nullable(),
  lastLate: z.boolean().nullable(),
  updatedAt: timestamp,
  /** The user who changed it last; `null` where the environment did. */
  updatedBy: z.uuid().nullable(),
});

export type Schedule = z.infer<typeof schedule>;

/** PATCH /backup/schedules/:name; an unknown name is a 404 that tells the known ones. */
export const scheduleParams = z.strictObject({ name: z.string().max(32) });

/** PATCH /backup/schedules/:name */
export const scheduleChange = z
  .strictObject({
    /** `main` where it is left out, or `*` for a schedule of all sources. */
    source: scheduleSource.optional(),
    /** A cron expression or `off` overrides the environment, `null` takes the override back. */
    cron: z
      .string()
      .max(100)
      .refine((value) => value === 'off' || isCron(value), {
        message: 'it needs five cron fields such as "0 2 * * *", off, or null to take an override back',
      })
      .nullable()
      .optional(),
    paused: z.boolean().optional(),
  })
  .refine((change) => change.cron !== undefined || change.paused !== undefined, {
    message: 'it needs cron, paused or both',
  });

export type ScheduleChange = z.infer<typeof scheduleChange>;
