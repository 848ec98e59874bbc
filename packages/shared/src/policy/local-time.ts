const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making one takes longer than using it a hundred times. */
function formatOf(timezone: string): Intl.DateTimeFormat {
  let format = formats.get(timezone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timezone, format);
  }
  return format;
}

/**
 * What the clocks of a time zone show at an instant, as the milliseconds of a UTC date that reads the same. Such a wall
 * time has no summer time, so one can count with it.
 */
export function wallTimeAt(instant: number, timezone: string): number {
  const parts = formatOf(timezone).formatToParts(instant);
  const read = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const seconds = Date.UTC(
    read('year'),
    read('month') - 1,
    read('day'),
    read('hour'),
    read('minute'),
    read('second'),
  );
  return seconds + (instant % 1000);
}

/**
 * The instant at which the clocks of a time zone first show a wall time. Clocks that are set back show some times twice:
 * the first counts. Clocks that are set forward never show some: then it is the instant at which they jump. So every
 * wall time has exactly one instant, and a later wall time never has an earlier one.
 */
export function instantOf(wall: number, timezone: string): number {
  const offsets = [wall - DAY, wall + DAY].map((near) => wallTimeAt(near, timezone) - near);
  const candidates = offsets.map((offset) => wall - offset).sort((left, right) => left - right);
  const first = candidates.find((instant) => wallTimeAt(instant, timezone) === wall);
  if (first !== undefined) return first;
  let [before, after] = candidates as [number, number];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (wallTimeAt(middle, timezone) > wall) after = middle;
    else before = middle;
  }
  return after;
}
