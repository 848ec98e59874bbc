import type { AlertFacts } from '../../src/policy/alert-facts.js';

/** The clock of these tests: a Monday. */
export const NOW = new Date('2026-11-23T12:00:00Z');

const UNIT = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time before the clock, such as `ago(90, 'min')`. */
export function ago(count: number, unit: keyof typeof UNIT): Date {
  return new Date(NOW.getTime() - count * UNIT[unit]);
}

/** A world in which nothing is wrong, with what the case changes. */
export function facts(changes: Partial<AlertFacts> = {}): AlertFacts {
  return {
    now: NOW,
    watchedSeconds: 3600,
    open: [],
    lastBackups: [],
    successes: [],
    runningSources: [],
    schedules: [],
    lateRuns: [],
    badVerifications: [],
    recoveryTests: [],
    volumes: [],
    sizes: [],
    keys: [],
    workers: [{ name: 'host:1', keyId: 'k1', seenAt: ago(5, 's'), stopped: false }],
    runs: [],
    waiting: [],
    findings: [],
    missing: [],
    channels: [],
    ...changes,
  };
}
