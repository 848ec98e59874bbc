// Deep enough for any record of ours; deeper input was made to exhaust the stack.
const MAX_DEPTH = 64;

/**
 * The one way to write a JSON value: keys sorted by UTF-16 code unit, no white space, strings and numbers
 * as JSON.stringify writes them. Two equal values give equal bytes, so an HMAC over them means something.
 * These are the rules of RFC 8785.
 *
 * Errors: TypeError for what JSON cannot carry (undefined, NaN, bigint, functions, objects with a class)
 * and for nesting beyond 64 levels.
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0);
}

function write(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new TypeError(`the value is nested deeper than ${MAX_DEPTH} levels`);
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${Array.from(value, (item) => write(item, depth + 1)).join(',')}]`;
  if (isPlainObject(value)) return writeObject(value, depth);
  throw new TypeError(`a value of type ${typeof value} has no canonical JSON`);
}

function writeObject(object: Record<string, unknown>, depth: number): string {
  const keys = Object.keys(object).sort((left, right) => (left < right ? -1 : 1));
  return `{${keys.map((key) => `${JSON.stringify(key)}:${write(object[key], depth + 1)}`).join(',')}}`;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
