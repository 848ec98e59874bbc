-- Up Migration

-- Who carries out jobs, written every few seconds: with no worker alive somebody else must tell. `key_id` is the public
-- name of the encryption key that this worker has.
CREATE TABLE workers (
  id         uuid PRIMARY KEY,
  name       text NOT NULL,
  key_id     text NOT NULL,
  sources    text[] NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  seen_at    timestamptz NOT NULL DEFAULT now(),
  stopped_at timestamptz
);
CREATE INDEX workers_newest ON workers (seen_at DESC);

-- When the progress of a run last changed: a run whose heart beats and that goes nowhere is stuck.
ALTER TABLE runs ADD COLUMN progress_at timestamptz NOT NULL DEFAULT now();

-- The tables with the most rows, [{"name", "rows"}], so that one table that shrank is seen among many.
ALTER TABLE backups ADD COLUMN largest_tables jsonb;

-- `severity` is the alert's when it was told, so that a graver one is told again.
ALTER TABLE notifications
  ADD COLUMN severity text CHECK (severity IN ('info', 'warning', 'critical')),
  ADD COLUMN attempts integer NOT NULL DEFAULT 0;
CREATE INDEX notifications_of_alert ON notifications (alert_id);
CREATE INDEX notifications_of_channel ON notifications (channel, created_at DESC);
CREATE INDEX alerts_resolved ON alerts (resolved_at);
