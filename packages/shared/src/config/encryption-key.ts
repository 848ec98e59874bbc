/** How to make a key that passes; shown with every refusal. */
export const MAKE_A_KEY = 'make one with: openssl rand -base64 48';

const MINIMUM_LENGTH = 32;
/** `openssl enc -pass file:` reads this many bytes of the passphrase and drops the others without a word. */
const MAXIMUM_BYTES = 1023;
/** 32 random hex digits have 14 different ones on average; fewer than 10 happens once in 10^4. */
const MINIMUM_DISTINCT = 10;
/** A repeat this long is chance in fewer than one of 10^5 random keys of 128 hex digits. */
const REPEAT_LENGTH = 8;

/**
 * Tells why a passphrase is too weak to be the encryption key, or `null` when it is fit.
 *
 * The sidecar's HMAC and the key id are public functions of the key, so a guessable key could be found by trying
 * (docs/BACKUP_FORMAT.md). Length alone does not show that, so words, sequences and repeats are refused too. A
 * dictionary-based estimator was tried and left out: it held 180 MB of memory and rated four English words as high
 * as 128 random bits in hex.
 */
export function encryptionKeyWeakness(key: string): string | null {
  if (/\s/.test(key)) return 'it contains white space';
  if (/\p{Cc}/u.test(key)) return 'it contains a control character';
  if (key.length < MINIMUM_LENGTH)
    return `it has ${key.length} characters, at least ${MINIMUM_LENGTH} are needed`;
  if (Buffer.byteLength(key) > MAXIMUM_BYTES)
    return `it is longer than ${MAXIMUM_BYTES} bytes, and openssl reads no more`;
  if (new Set(key).size < MINIMUM_DISTINCT) return 'it uses too few different characters';
  if (hasLongRepeat(key)) return 'it repeats itself';
  if (share(key, isStep) > 0.5) return 'it is a sequence';
  if (wordShare(key) > 0.8) return 'it looks like words';
  return null;
}

function hasLongRepeat(key: string): boolean {
  for (let start = 0; start + REPEAT_LENGTH < key.length; start += 1) {
    if (key.indexOf(key.slice(start, start + REPEAT_LENGTH), start + 1) !== -1) return true;
  }
  return false;
}

/** Whether the character at `at` follows its left neighbour as in `abc`, `321` or `aaa`. */
function isStep(key: string, at: number): boolean {
  return Math.abs(key.charCodeAt(at) - key.charCodeAt(at - 1)) <= 1;
}

function share(key: string, test: (key: string, at: number) => boolean): number {
  let hits = 0;
  for (let at = 1; at < key.length; at += 1) if (test(key, at)) hits += 1;
  return hits / (key.length - 1);
}

/** The part of the key that stands in runs of three or more letters of one case (hex digits are no words). */
function wordShare(key: string): number {
  if (/^[0-9a-f]+$/i.test(key)) return 0;
  const runs = key.match(/[A-Z]?[a-z]{3,}|[A-Z]{3,}/g) ?? [];
  return runs.join('').length / key.length;
}
