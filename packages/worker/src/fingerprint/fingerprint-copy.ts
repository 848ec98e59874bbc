import type { Secret } from '@safekeep/shared/config/secret';
import { clientOptions } from '@safekeep/shared/history/database';
import pg from 'pg';
import { readKeyHashCanary } from '../incremental/read-keys.js';
import { connectUntil } from '../postgres/connect-until.js';
import { hangUp } from '../postgres/hang-up.js';
import { readLargeObjectContents } from '../postgres/large-object-contents.js';
import { readExtensions } from '../postgres/object-definitions.js';
import { READING_SETTINGS } from '../postgres/reading-settings.js';
import { readSequenceValues } from '../postgres/sequence-values.js';
import { targetFailure } from '../postgres/target-failure.js';
import { readCopiedTables } from './copied-tables.js';
import type { Fingerprint, FingerprintTerms } from './fingerprint.js';
import { markLargeObjects } from './marks.js';
import { markObjects } from './take-fingerprint.js';

/**
 * Takes the fingerprint of a restored copy, of the things that `expected` knows, so that the two can be compared. With
 * `terms` `null` rows are counted and contents are not compared.
 *
 * @throws SafekeepError TARGET_UNREACHABLE, TARGET_LOGIN_FAILED, TARGET_REFUSED; the reason of `signal`
 */
export async function fingerprintCopy(
  url: Secret,
  expected: Fingerprint,
  terms: FingerprintTerms | null,
  signal: AbortSignal,
): Promise<Fingerprint> {
  const client = new pg.Client({ ...clientOptions(url), connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  // A query that runs when the test is stopped ends with its connection.
  const stop = () => void hangUp(client);
  signal.addEventListener('abort', stop, { once: true });
  try {
    await connectUntil(signal, client);
    await client.query(READING_SETTINGS);
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    return await read(client, expected, terms);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw targetFailure('let the restored copy be read', error);
  } finally {
    signal.removeEventListener('abort', stop);
    await hangUp(client);
  }
}

async function read(
  client: pg.Client,
  expected: Fingerprint,
  terms: FingerprintTerms | null,
): Promise<Fingerprint> {
  const { rows } = await client.query<{ version: string }>(
    `SELECT split_part(current_setting('server_version'), ' ', 1) AS version`,
  );
  const keyHashCanary = expected.keyHashCanary === null ? null : await readKeyHashCanary(client);
  const largeObjects = await readLargeObjectContents(client);
  return {
    serverVersion: rows[0]?.version ?? '',
    tables: await readCopiedTables(client, { expected, terms, keyHashCanary }),
    keyHashCanary,
    largeObjects: {
      count: largeObjects.count,
      hash: terms === null ? null : markLargeObjects(largeObjects, terms.key),
    },
    sequences: expected.sequences === null ? null : await readSequenceValues(client, expected.sequences),
    extensions: expected.extensions === null ? null : await readExtensions(client),
    objects: expected.objects === null || terms === null ? null : await markObjects(client, terms.key),
  };
}
