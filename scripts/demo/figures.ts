/** Sizes here are decimal: 1 MB is 1 000 000 bytes. */
const UNITS = { kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const;

/** Reads `200MB`, `1.5 GB` or a plain number of bytes; `null` when it is none of these. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(kB|MB|GB|TB)?$/i.exec(text.trim());
  if (match === null) return null;
  const unit = Object.entries(UNITS).find(([name]) => name.toLowerCase() === match[2]?.toLowerCase());
  return Math.round(Number(match[1]) * (unit?.[1] ?? 1));
}

/** `12.3 MB`: three digits or so, in the unit that fits. */
export function formatBytes(bytes: number): string {
  const unit = Object.entries(UNITS).findLast(([, size]) => bytes >= size);
  if (unit === undefined) return `${bytes} bytes`;
  const value = bytes / unit[1];
  return `${value.toFixed(value < 100 ? 1 : 0)} ${unit[0]}`;
}

/** `4.2 s`, `12 s`, `1 min 05 s`; whole seconds stay whole. */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 && !Number.isInteger(seconds) ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** `1 234 567` */
export function formatCount(count: number | bigint): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ' ');
}
