/** How often the operations manual asks for something, each with some slack for a run that begins or ends late. Days. */
export const LIMITS = {
  /** Daily. */
  verification: 2,
  /** Weekly. */
  recoveryTest: 8,
  /** Daily. */
  cleanup: 2,
  /** Quarterly: the comprehensive test, with an emergency backup. */
  emergencyDrill: 92,
} as const;

const DAY = 86_400_000;

/** Whether something happened, and within so many days before `now`. */
export function within(at: Date | null | undefined, days: number, now: Date): boolean {
  return at != null && now.getTime() - at.getTime() <= days * DAY;
}
