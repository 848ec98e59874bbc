import { z } from 'zod';

/**
 * A number in a query, which comes as text, and what it is where it is left out. Plain coercion would take an empty text
 * for 0, which is what a script sends whose variable is not set, and `0x10` for 16.
 */
export function wholeNumber(least: number, most: number, otherwise: number) {
  const digits = (text: unknown) => (typeof text === 'string' && !/^-?\d+$/.test(text) ? Number.NaN : text);
  return z.preprocess(digits, z.coerce.number().int().min(least).max(most).default(otherwise));
}
