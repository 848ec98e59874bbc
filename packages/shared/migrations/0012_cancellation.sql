-- Up Migration

-- When somebody asked for a backup to be cancelled. A run that goes on finds it at its next sign of life and ends; a backup
-- that was published before has a request that came too late.
ALTER TABLE backups ADD COLUMN cancel_requested_at timestamptz;

ALTER TABLE runs DROP CONSTRAINT runs_state_check;
ALTER TABLE runs ADD CONSTRAINT runs_state_check
  CHECK (state IN ('running', 'completed', 'failed', 'interrupted', 'cancelled', 'lost'));
