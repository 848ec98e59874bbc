const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes in decimal units, as disks are sold. */
export function bytes(value: number | null): string {
  if (value === null) return '';
  let [scaled, power] = [value, 0];
  // As it will be shown: 999,999 bytes are 1.0 MB, not 1000.0 kB.
  while (power < UNITS.length - 1 && Number(scaled.toFixed(Math.min(power, 1))) >= 1000) {
    scaled /= 1000;
    power += 1;
  }
  return `${power === 0 ? scaled : scaled.toFixed(1)} ${UNITS[power]}`;
}

/** The time between two instants, such as `4.2 s` or `1 h 02 min`; empty when one is unknown. */
export function duration(from: Date | null, to: Date | null): string {
  return from === null || to === null ? '' : seconds((to.getTime() - from.getTime()) / 1000);
}

export function seconds(value: number): string {
  if (value < 59.5) return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} s`;
  const minutes = Math.round(value / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** UTC to the second. */
export function time(value: Date | null): string {
  return value === null ? '' : value.toISOString().slice(0, 19).replace('T', ' ');
}

/** How old something is, for people: `35 min`, `4 h`, `3 days`. */
export function age(value: number): string {
  if (value < 5_400) return `${Math.max(0, Math.round(value / 60))} min`;
  return value < 172_800 ? `${Math.round(value / 3600)} h` : `${Math.floor(value / 86_400)} days`;
}

/** UTC to the minute. */
export function minute(value: Date): string {
  return time(value).slice(0, 16);
}

/** The UTC day. */
export function day(value: Date): string {
  return value.toISOString().slice(0, 10);
}

/** `1 backup`, `2 backups` */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${value} ${value === 1 ? one : many}`;
}
