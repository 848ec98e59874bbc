-- Up Migration

-- When history took a backup in from its sidecar. Holds and verdicts are in no sidecar, so retention waits a while with it.
ALTER TABLE backups ADD COLUMN adopted_at timestamptz;
