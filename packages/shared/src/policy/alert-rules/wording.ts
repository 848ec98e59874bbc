import { minute } from '../../format.js';

/** To the minute, so that a message does not change with every look. */
export function utc(time: Date): string {
  return `${minute(time)} UTC`;
}
