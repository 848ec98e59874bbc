-- Up Migration

-- The history of Safekeep: what was asked for, what was tried and what came of it. Redis can lose everything; these
-- tables may not. Times are UTC. Bytes are bytes, durations follow from the times.

CREATE TABLE users (
  id            uuid PRIMARY KEY,
  username      text NOT NULL UNIQUE CHECK (username = lower(username)),
  password_hash text NOT NULL,
  role          text NOT NULL CHECK (role IN ('viewer', 'auditor', 'operator', 'admin')),
  token_version integer NOT NULL DEFAULT 0,
  disabled      boolean NOT NULL DEFAULT false,
  created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE backups (
  id                 uuid PRIMARY KEY,
  source             text NOT NULL,
  type               text NOT NULL CHECK (type IN ('full', 'incremental', 'emergency')),
  requested_type     text NOT NULL CHECK (requested_type IN ('full', 'incremental', 'emergency')),
  promoted_reason    text,
  status             text NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled', 'missing')),
  base_id            uuid REFERENCES backups (id),
  requested_via      text NOT NULL CHECK (requested_via IN ('api', 'cli', 'schedule')),
  requested_by       uuid REFERENCES users (id),
  idempotency_key    text,
  attempts           integer NOT NULL DEFAULT 0,
  created_at         timestamptz NOT NULL DEFAULT now(),
  started_at         timestamptz,
  ended_at           timestamptz,
  file_name          text,
  size_bytes         bigint,
  archive_bytes      bigint,
  checksum           text,
  key_id             text,
  compression        text,
  postgres_version   text,
  pg_dump_version    text,
  table_count        integer,
  row_count          bigint,
  large_object_count bigint,
  sequence           bigint,
  hmac               text,
  error_code         text,
  error_message      text,
  error_hint         text,
  CONSTRAINT completed_backups_have_a_file CHECK (
    status <> 'completed' OR (file_name IS NOT NULL AND checksum IS NOT NULL AND hmac IS NOT NULL AND ended_at IS NOT NULL)
  ),
  CONSTRAINT failures_have_a_code CHECK (status <> 'failed' OR error_code IS NOT NULL)
);

CREATE INDEX backups_newest ON backups (created_at DESC, id DESC);
CREATE INDEX backups_newest_of_source ON backups (source, created_at DESC, id DESC);
CREATE INDEX backups_newest_of_status ON backups (status, created_at DESC, id DESC);
CREATE UNIQUE INDEX backups_one_per_idempotency_key ON backups (requested_by, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX backups_sequence ON backups (source, sequence) WHERE sequence IS NOT NULL;

-- One attempt of one job. `token` is the fencing token: whoever holds an older one may write nothing.
CREATE TABLE runs (
  id           uuid PRIMARY KEY,
  token        bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  queue        text NOT NULL CHECK (queue IN ('backup', 'verify', 'restore-test', 'cleanup', 'report', 'notify')),
  subject_id   uuid NOT NULL,
  source       text,
  state        text NOT NULL CHECK (state IN ('running', 'completed', 'failed', 'interrupted', 'lost')),
  worker       text NOT NULL,
  file_name    text,
  swept        boolean NOT NULL DEFAULT false,
  progress     jsonb,
  started_at   timestamptz NOT NULL DEFAULT now(),
  heartbeat_at timestamptz NOT NULL DEFAULT now(),
  lease_until  timestamptz NOT NULL,
  ended_at     timestamptz,
  error_code   text
);

CREATE INDEX runs_of_subject ON runs (subject_id, token DESC);
-- One writer per source at a time, whatever the queue believes.
CREATE UNIQUE INDEX runs_one_writer_per_source ON runs (source) WHERE queue = 'backup' AND state = 'running';
CREATE INDEX runs_unswept ON runs (source) WHERE state = 'lost' AND NOT swept;

CREATE TABLE verifications (
  id             uuid PRIMARY KEY,
  backup_id      uuid NOT NULL REFERENCES backups (id),
  status         text NOT NULL CHECK (status IN ('queued', 'running', 'passed', 'failed', 'error')),
  verdict        text,
  failed_at_byte bigint,
  requested_by   uuid REFERENCES users (id),
  note           text,
  created_at     timestamptz NOT NULL DEFAULT now(),
  started_at     timestamptz,
  ended_at       timestamptz,
  error_code     text
);
CREATE INDEX verifications_of_backup ON verifications (backup_id, created_at DESC);

CREATE TABLE recovery_tests (
  id               uuid PRIMARY KEY,
  backup_id        uuid NOT NULL REFERENCES backups (id),
  status           text NOT NULL CHECK (status IN ('queued', 'running', 'passed', 'failed', 'error')),
  scratch_database text,
  findings         jsonb,
  rto_seconds      double precision,
  rpo_seconds      double precision,
  requested_by     uuid REFERENCES users (id),
  note             text,
  created_at       timestamptz NOT NULL DEFAULT now(),
  started_at       timestamptz,
  ended_at         timestamptz,
  error_code       text
);
CREATE INDEX recovery_tests_of_backup ON recovery_tests (backup_id, created_at DESC);

CREATE TABLE cleanup_runs (
  id           uuid PRIMARY KEY,
  status       text NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed')),
  dry_run      boolean NOT NULL,
  decisions    jsonb,
  requested_by uuid REFERENCES users (id),
  created_at   timestamptz NOT NULL DEFAULT now(),
  started_at   timestamptz,
  ended_at     timestamptz,
  error_code   text
);

CREATE TABLE reports (
  id           uuid PRIMARY KEY,
  status       text NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed')),
  body         jsonb,
  file_name    text,
  requested_by uuid REFERENCES users (id),
  created_at   timestamptz NOT NULL DEFAULT now(),
  started_at   timestamptz,
  ended_at     timestamptz,
  error_code   text
);

CREATE TABLE alerts (
  id              uuid PRIMARY KEY,
  rule            text NOT NULL,
  severity        text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
  source          text,
  subject         text NOT NULL DEFAULT '',
  message         text NOT NULL,
  raised_at       timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  resolved_at     timestamptz,
  acknowledged_at timestamptz,
  acknowledged_by uuid REFERENCES users (id)
);
-- An alert is raised once and then updated until it is resolved.
CREATE UNIQUE INDEX alerts_open_once ON alerts (rule, coalesce(source, ''), subject) WHERE resolved_at IS NULL;

-- What people changed about a schedule; the environment holds where a column is NULL.
CREATE TABLE schedules (
  source     text NOT NULL,
  name       text NOT NULL,
  cron       text,
  paused     boolean NOT NULL DEFAULT false,
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by uuid REFERENCES users (id),
  PRIMARY KEY (source, name)
);

-- Append-only and hash-chained: an event that is edited, removed or put elsewhere breaks the chain behind it.
CREATE TABLE audit_events (
  seq       bigint PRIMARY KEY,
  at        timestamptz NOT NULL,
  actor_id  uuid,
  actor     text NOT NULL,
  address   text,
  action    text NOT NULL,
  target    text,
  result    text NOT NULL CHECK (result IN ('ok', 'refused', 'failed')),
  detail    jsonb NOT NULL DEFAULT '{}',
  prev_hash bytea NOT NULL,
  hash      bytea NOT NULL
);
CREATE INDEX audit_events_of_target ON audit_events (target, seq DESC);

CREATE FUNCTION audit_event_hash(event audit_events) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(event.prev_hash || convert_to(jsonb_build_array(
    event.seq, to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), event.actor_id, event.actor,
    event.address, event.action, event.target, event.result, event.detail)::text, 'UTF8'))
$$;

CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Writers take turns, so that each sees the event before its own. Any fixed number will do.
  PERFORM pg_advisory_xact_lock(7305002);
  NEW.at := clock_timestamp();
  SELECT seq + 1, hash INTO NEW.seq, NEW.prev_hash FROM audit_events ORDER BY seq DESC LIMIT 1;
  NEW.seq := coalesce(NEW.seq, 1);
  NEW.prev_hash := coalesce(NEW.prev_hash, '\x00');
  NEW.hash := audit_event_hash(NEW);
  RETURN NEW;
END
$$;

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit events are append-only';
END
$$;

CREATE TRIGGER audit_chain BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION audit_chain();
CREATE TRIGGER audit_refuse_change BEFORE UPDATE OR DELETE ON audit_events FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_refuse_truncate BEFORE TRUNCATE ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
