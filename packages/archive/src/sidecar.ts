import { createHmac, timingSafeEqual } from 'node:crypto';
import type { z } from 'zod';
import { ArchiveError } from './archive-error.js';
import { canonicalJson } from './canonical-json.js';
import { keyId, macKey } from './key.js';
import {
  FORMAT_VERSION,
  type Sidecar,
  type SidecarBody,
  sidecarBodySchema,
  sidecarSchema,
} from './sidecar-schema.js';

export type { Sidecar, SidecarBody } from './sidecar-schema.js';

/**
 * Largest sidecar read or written, in bytes. A table takes about 110 and an object of its 80, so this is 100,000 tables
 * with five objects each; a file beyond that was not written by Safekeep, and parsing it would only cost memory.
 */
export const MAX_SIDECAR_BYTES = 64 * 1024 * 1024;

/** What a sidecar says before anyone believes it: any object. */
interface Claim {
  readonly formatVersion?: unknown;
  readonly keyId?: unknown;
  readonly hmac?: unknown;
}

/**
 * The sidecar's text: canonical JSON on one line, newline at the end.
 * Errors: SIDECAR_MALFORMED when the body breaks the schema, SIDECAR_OTHER_KEY when it names another key
 * than the one that would authenticate it, SIDECAR_TOO_LARGE.
 */
export function serializeSidecar(body: SidecarBody, passphrase: string): string {
  const checked = conform(sidecarBodySchema, body);
  if (checked.keyId !== keyId(passphrase)) throw otherKey();
  const text = `${canonicalJson({ ...checked, hmac: authenticate(checked, passphrase) })}\n`;
  refuseTooLarge(text);
  return text;
}

/**
 * Reads a sidecar and believes none of it before its HMAC fits. The text must be, byte for byte, what its
 * own content serializes to: a duplicate key, white space or trailing bytes make it malformed, so no two
 * readers can understand one sidecar differently.
 *
 * Errors, in the order of the checks: SIDECAR_TOO_LARGE, SIDECAR_MALFORMED, SIDECAR_UNKNOWN_VERSION,
 * SIDECAR_OTHER_KEY (try the next key of the ring), SIDECAR_UNAUTHENTICATED, SIDECAR_MALFORMED.
 */
export function parseSidecar(text: string, passphrase: string): Sidecar {
  refuseTooLarge(text);
  const { hmac, ...body }: Claim = parseCanonical(text);
  if (body.formatVersion !== FORMAT_VERSION) {
    throw new ArchiveError(
      'SIDECAR_UNKNOWN_VERSION',
      `the sidecar's format version is not ${FORMAT_VERSION}`,
    );
  }
  if (body.keyId !== keyId(passphrase)) throw otherKey();
  if (!equals(hmac, authenticate(body, passphrase))) {
    throw new ArchiveError(
      'SIDECAR_UNAUTHENTICATED',
      "the sidecar's HMAC does not fit: it was edited or damaged",
    );
  }
  return conform(sidecarSchema, { ...body, hmac });
}

function authenticate(body: object, passphrase: string): string {
  return createHmac('sha256', macKey(passphrase)).update(canonicalJson(body), 'utf8').digest('hex');
}

function equals(claimed: unknown, computed: string): boolean {
  if (typeof claimed !== 'string') return false;
  const [left, right] = [Buffer.from(claimed, 'utf8'), Buffer.from(computed, 'utf8')];
  return left.length === right.length && timingSafeEqual(left, right);
}

function parseCanonical(text: string): Claim {
  let value: unknown;
  let canonical: string;
  try {
    value = JSON.parse(text);
    canonical = `${canonicalJson(value)}\n`;
  } catch {
    // Without the parser's own message, which quotes the text.
    throw malformed('it is no JSON');
  }
  if (canonical !== text) throw malformed('it is not written canonically');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('it is no object');
  return value;
}

function conform<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw malformed(problems.slice(0, 5).join('; '));
}

function refuseTooLarge(text: string): void {
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes > MAX_SIDECAR_BYTES) {
    throw new ArchiveError(
      'SIDECAR_TOO_LARGE',
      `the sidecar has ${bytes} bytes, more than ${MAX_SIDECAR_BYTES}`,
    );
  }
}

function malformed(detail: string): ArchiveError {
  return new ArchiveError('SIDECAR_MALFORMED', `the sidecar is malformed: ${detail}`);
}

function otherKey(): ArchiveError {
  return new ArchiveError('SIDECAR_OTHER_KEY', 'the sidecar names another key than this one');
}
