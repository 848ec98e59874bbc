-- Up Migration

-- What the rest of the operations manual needs: restores, recovery tests, retention, reports, schedules, alerts.

-- A backup that retention removed keeps its row, as `missing` with the time and the reason of its disposal; a held one is never removed.
ALTER TABLE backups
  ADD COLUMN legal_hold        boolean NOT NULL DEFAULT false,
  ADD COLUMN legal_hold_reason text,
  ADD COLUMN disposed_at       timestamptz,
  ADD COLUMN disposed_reason   text,
  ADD CONSTRAINT disposed_backups_have_no_file CHECK (disposed_at IS NULL OR status = 'missing');

-- `findings` is an array of differences between the restored copy and the sidecar, empty when it passed; `facts` is what
-- was compared. Targets are those that held when the test ran. Seconds.
ALTER TABLE recovery_tests
  ADD COLUMN requested_via      text NOT NULL DEFAULT 'api' CHECK (requested_via IN ('api', 'cli', 'schedule')),
  ADD COLUMN reason             text,
  ADD COLUMN facts              jsonb,
  ADD COLUMN rto_target_seconds double precision,
  ADD COLUMN rpo_target_seconds double precision,
  ADD CONSTRAINT recovery_tests_errors_have_a_code CHECK (status <> 'error' OR error_code IS NOT NULL);
ALTER TABLE recovery_tests ALTER COLUMN requested_via DROP DEFAULT;
CREATE INDEX recovery_tests_newest ON recovery_tests (created_at DESC, id DESC);
CREATE INDEX recovery_tests_unfinished ON recovery_tests (created_at) WHERE status IN ('queued', 'running');

-- One restore of one backup into a database that people go on with. `tables` names a choice of tables, NULL all.
CREATE TABLE restores (
  id              uuid PRIMARY KEY,
  backup_id       uuid NOT NULL REFERENCES backups (id),
  status          text NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed')),
  target_database text NOT NULL,
  tables          jsonb,
  with_roles      boolean NOT NULL DEFAULT false,
  with_grants     boolean NOT NULL DEFAULT false,
  findings        jsonb,
  facts           jsonb,
  reason          text,
  requested_via   text NOT NULL CHECK (requested_via IN ('api', 'cli')),
  requested_by    uuid REFERENCES users (id),
  created_at      timestamptz NOT NULL DEFAULT now(),
  started_at      timestamptz,
  ended_at        timestamptz,
  error_code      text,
  CONSTRAINT failed_restores_have_a_code CHECK (status <> 'failed' OR error_code IS NOT NULL)
);
CREATE INDEX restores_newest ON restores (created_at DESC, id DESC);
CREATE INDEX restores_unfinished ON restores (created_at) WHERE status IN ('queued', 'running');
CREATE INDEX restores_of_backup ON restores (backup_id, created_at DESC);

-- `source` NULL means all sources. `decisions`: one entry for each backup that was looked at, with what was decided and why.
ALTER TABLE cleanup_runs
  ADD COLUMN source        text,
  ADD COLUMN requested_via text NOT NULL CHECK (requested_via IN ('api', 'cli', 'schedule')),
  ADD COLUMN reason        text;
CREATE INDEX cleanup_runs_newest ON cleanup_runs (created_at DESC, id DESC);
CREATE INDEX cleanup_runs_unfinished ON cleanup_runs (created_at) WHERE status IN ('queued', 'running');

-- Evidence that backups were disposed of; independent of the rows of backups, so that it outlives them.
CREATE TABLE disposals (
  id                uuid PRIMARY KEY,
  backup_id         uuid NOT NULL,
  cleanup_run_id    uuid NOT NULL REFERENCES cleanup_runs (id),
  source            text NOT NULL,
  type              text NOT NULL,
  file_name         text NOT NULL,
  size_bytes        bigint,
  checksum          text,
  hmac              text,
  key_id            text,
  backup_started_at timestamptz,
  reason            text NOT NULL,
  disposed_at       timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX disposals_once ON disposals (backup_id);
CREATE INDEX disposals_newest ON disposals (disposed_at DESC, id DESC);

ALTER TABLE reports
  ADD COLUMN source        text,
  ADD COLUMN requested_via text NOT NULL CHECK (requested_via IN ('api', 'cli', 'schedule')),
  ADD COLUMN reason        text,
  ADD COLUMN period_start  timestamptz,
  ADD COLUMN period_end    timestamptz;
CREATE INDEX reports_newest ON reports (created_at DESC, id DESC);
CREATE INDEX reports_unfinished ON reports (created_at) WHERE status IN ('queued', 'running');

ALTER TABLE alerts ADD COLUMN detail jsonb NOT NULL DEFAULT '{}';
CREATE INDEX alerts_newest ON alerts (raised_at DESC, id DESC);

-- One message to one channel. A test or a success has no alert; `subject` then says what it is about.
CREATE TABLE notifications (
  id         uuid PRIMARY KEY,
  alert_id   uuid REFERENCES alerts (id),
  channel    text NOT NULL CHECK (channel IN ('smtp', 'webhook', 'slack', 'heartbeat')),
  event      text NOT NULL CHECK (event IN ('raised', 'resolved', 'success', 'test', 'heartbeat')),
  subject    text,
  status     text NOT NULL CHECK (status IN ('queued', 'running', 'sent', 'failed')),
  error_code text,
  reason     text,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at   timestamptz
);
CREATE INDEX notifications_newest ON notifications (created_at DESC, id DESC);
CREATE INDEX notifications_unfinished ON notifications (created_at) WHERE status IN ('queued', 'running');

-- The wanted state of every schedule. `env_cron` is what the environment says (NULL: off) and holds unless a person has
-- overridden it with `cron`. Due times before `since` are nobody's: the schedule was another one then.
-- The schedules of all sources together (cleanup, report) have the source '*'.
ALTER TABLE schedules
  ADD COLUMN env_cron   text,
  ADD COLUMN timezone   text NOT NULL DEFAULT 'UTC',
  ADD COLUMN overridden boolean NOT NULL DEFAULT false,
  ADD COLUMN since      timestamptz NOT NULL DEFAULT now();

-- A due time is served once, whoever notices it first: the queue's scheduler or a reconciler.
CREATE TABLE due_runs (
  source     text NOT NULL,
  name       text NOT NULL,
  due_at     timestamptz NOT NULL,
  late       boolean NOT NULL,
  subject_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (source, name, due_at)
);

-- What stands in the backup directory and should not, or does not and should; found by the inventory.
CREATE TABLE storage_findings (
  id            uuid PRIMARY KEY,
  source        text NOT NULL,
  kind          text NOT NULL CHECK (kind IN ('unknown-file', 'missing-file', 'stray-partial', 'strange-file')),
  name          text NOT NULL,
  size_bytes    bigint,
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at  timestamptz NOT NULL DEFAULT now(),
  resolved_at   timestamptz
);
CREATE UNIQUE INDEX storage_findings_open_once ON storage_findings (source, kind, name) WHERE resolved_at IS NULL;

-- How full the volume of a source's backups was, for the trend and the forecast.
CREATE TABLE storage_samples (
  source       text NOT NULL,
  at           timestamptz NOT NULL DEFAULT now(),
  free_bytes   bigint NOT NULL,
  total_bytes  bigint NOT NULL,
  backup_bytes bigint NOT NULL,
  PRIMARY KEY (source, at)
);

CREATE INDEX runs_of_queue ON runs (queue, started_at DESC);
