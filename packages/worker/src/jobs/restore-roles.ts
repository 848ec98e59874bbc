import { ArchiveError } from '@safekeep/archive/archive-error';
import { createOpener } from '@safekeep/archive/open';
import type { Sidecar } from '@safekeep/archive/sidecar';
import { verifyCompanion } from '@safekeep/archive/verify-backup';
import type pg from 'pg';
import { type RoleScript, readRoles } from '../postgres/globals-script.js';
import { targetFailure } from '../postgres/target-failure.js';
import type { StoredBackup } from './checked-backup.js';
import { distrust, openOrdinary } from './stored-backup.js';

/** Roles with their settings take some hundred bytes each; what is longer is no list of roles. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * The roles in the companion of a backup, whose size and sha256 must be what the authenticated sidecar says.
 * @throws DistrustError
 */
export async function readBackedUpRoles(
  stored: StoredBackup,
  sidecar: Sidecar,
  signal: AbortSignal,
): Promise<RoleScript[]> {
  const expected = sidecar.companions.find((companion) => companion.kind === 'globals');
  if (expected === undefined) throw distrust('companion', 'the backup has no companion with roles');
  const file = await openOrdinary(stored.storage, expected.fileName, 'companion');
  if (file === null) throw distrust('companion', `the companion ${expected.fileName} is missing`);
  try {
    const passphrase = stored.encryptionKey.reveal();
    const open = { read: () => file.read(), size: file.size, expected, passphrase };
    if (file.size > MAX_BYTES) throw distrust('companion', 'the companion is too large to be one');
    const verdict = await verifyCompanion(open, signal);
    if (!verdict.ok) throw distrust('companion', verdict.reason);
    const chunks: Buffer[] = [];
    for await (const chunk of file.read().pipe(createOpener(passphrase))) chunks.push(chunk as Buffer);
    return readRoles(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    if (error instanceof ArchiveError) throw distrust('companion', error.message);
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * Makes those of the roles that do not exist, with their attributes, passwords, settings and memberships, all or none.
 * A role that exists is not touched, the one that restores least of all.
 *
 * @returns the names of the roles that were made
 * @throws SafekeepError TARGET_REFUSED, TARGET_UNREACHABLE
 */
export async function makeMissingRoles(client: pg.Client, roles: readonly RoleScript[]): Promise<string[]> {
  try {
    const { rows } = await client.query<{ name: string }>(
      'SELECT rolname::text AS name FROM pg_catalog.pg_roles',
    );
    const existing = new Set(rows.map((row) => row.name));
    const missing = roles.filter((role) => !existing.has(role.name));
    await client.query('BEGIN');
    for (const { statements } of missing) for (const statement of statements) await client.query(statement);
    // Only now is every role there that another is a member of.
    for (const { memberships } of missing) for (const statement of memberships) await client.query(statement);
    await client.query('COMMIT');
    return missing.map((role) => role.name);
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw targetFailure('make the missing roles', error);
  }
}
