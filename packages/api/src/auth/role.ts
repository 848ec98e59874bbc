import { fail } from '@safekeep/shared/errors';
import { ROLES, type Role } from '@safekeep/shared/history/users';

/** Each role includes the ones before it. @throws SafekeepError ROLE_INSUFFICIENT */
export function requireRole(role: Role, needed: Role): void {
  if (ROLES.indexOf(role) < ROLES.indexOf(needed)) throw fail('ROLE_INSUFFICIENT', { needed, role });
}
