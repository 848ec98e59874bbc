const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes in decimal units, as disks are sold. */
export function bytes(value: number | null): string {
  if (value === null) return '';
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  const scaled = value / 1000 ** power;
  return `${power === 0 ? scaled : scaled.toFixed(1)} ${UNITS[power]}`;
}

/** The time between two instants, such as `4.2 s` or `1 h 02 min`; empty when one is unknown. */
export function duration(from: Date | null, to: Date | null): string {
  return from === null || to === null ? '' : seconds((to.getTime() - from.getTime()) / 1000);
}

export function seconds(value: number): string {
  if (value < 60) return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
  const minutes = Math.round(value / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** UTC to the second. */
export function time(value: Date | null): string {
  return value === null ? '' : value.toISOString().slice(0, 19).replace('T', ' ');
}
