/**
 * SQL: a backup `b` that can be restored as far as history knows: its file is there, and that of the backup it builds on.
 */
export const USABLE = `(b.status = 'completed' AND (b.base_id IS NULL
  OR EXISTS (SELECT FROM backups base WHERE base.id = b.base_id AND base.status = 'completed')))`;
