-- Up Migration

-- What the routes, the alerts and the rounds ask for is read from an index, however long history is. Most rows of a long
-- history are backups that retention has removed; what is asked for most is what is kept, what has not ended and what is
-- new. A history of a million backups takes about a minute to get these.

-- Verifications and recovery tests are told by source and type of their backup, which never change once it is finished.
-- Here they need not be looked up in `backups`; a trigger, so that no statement can forget them.
ALTER TABLE verifications ADD COLUMN source text, ADD COLUMN backup_type text;
ALTER TABLE recovery_tests ADD COLUMN source text, ADD COLUMN backup_type text;
UPDATE verifications v SET source = b.source, backup_type = b.type FROM backups b WHERE b.id = v.backup_id;
UPDATE recovery_tests t SET source = b.source, backup_type = b.type FROM backups b WHERE b.id = t.backup_id;

CREATE FUNCTION name_tested_backup() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT source, type INTO NEW.source, NEW.backup_type FROM backups WHERE id = NEW.backup_id;
  RETURN NEW;
END
$$;
CREATE TRIGGER name_tested_backup BEFORE INSERT ON verifications FOR EACH ROW EXECUTE FUNCTION name_tested_backup();
CREATE TRIGGER name_tested_backup BEFORE INSERT ON recovery_tests FOR EACH ROW EXECUTE FUNCTION name_tested_backup();

-- Pages of the history and their totals, for every choice of filters: what the other filters need is in the index, so rows
-- that do not match, or lie before the page, are passed over without being read.
DROP INDEX backups_newest_of_source, backups_newest_of_status;
CREATE INDEX backups_newest_of_source ON backups (source, created_at DESC, id DESC) INCLUDE (type, status);
CREATE INDEX backups_newest_of_status ON backups (status, created_at DESC, id DESC) INCLUDE (type, source);
CREATE INDEX backups_newest_of_type ON backups (type, created_at DESC, id DESC) INCLUDE (status);

-- Equal entries are stored once, so counting all backups for the metrics or a page's total reads a few megabytes.
CREATE INDEX backups_counted ON backups (source, type, status);
-- Durations and bytes of all that succeeded, for the metrics.
CREATE INDEX backups_measured ON backups (status, source, type) INCLUDE (started_at, ended_at, size_bytes)
  WHERE status IN ('completed', 'missing');

-- The first and the last backup of a source that ended so or so, found without looking at a row.
DROP INDEX backups_newest_ended;
CREATE INDEX backups_newest_ended ON backups (source, ended_at DESC) INCLUDE (status) WHERE ended_at IS NOT NULL;
-- Statistics and success rates of the last days.
CREATE INDEX backups_ended ON backups (ended_at) WHERE ended_at IS NOT NULL;
-- The health's last start.
CREATE INDEX backups_started ON backups (started_at) WHERE started_at IS NOT NULL;
-- What should be there: retention, inventory, compliance.
CREATE INDEX backups_kept ON backups (source, ended_at DESC) WHERE status IN ('completed', 'missing') AND disposed_at IS NULL;
-- What a report says about the bytes of the last days, and about backups removed without a record.
CREATE INDEX backups_disposed ON backups (source, disposed_at) INCLUDE (id) WHERE disposed_at IS NOT NULL;
CREATE INDEX backups_held ON backups (source) WHERE legal_hold;

-- The newest verdicts of a source.
CREATE INDEX verifications_of_source ON verifications (source, ended_at DESC, id DESC) INCLUDE (status);
CREATE INDEX recovery_tests_of_source ON recovery_tests (source, ended_at DESC, id DESC) INCLUDE (status);
-- The tallies of the metrics.
CREATE INDEX verifications_counted ON verifications (source, backup_type, status);
CREATE INDEX recovery_tests_counted ON recovery_tests (source, backup_type, status);
CREATE INDEX verifications_ended ON verifications (ended_at);
CREATE INDEX recovery_tests_ended ON recovery_tests (ended_at);
-- Almost all verifications pass; these are what alerts are made of.
CREATE INDEX verifications_bad ON verifications (status, backup_id) WHERE status IN ('failed', 'error');
-- Scratch databases that a dead worker may have left.
CREATE INDEX recovery_tests_scratch ON recovery_tests (id) WHERE scratch_database IS NOT NULL;

CREATE INDEX due_runs_late ON due_runs (created_at) WHERE late;
CREATE INDEX storage_samples_newest ON storage_samples (at DESC);
CREATE INDEX disposals_of_cleanup ON disposals (cleanup_run_id);
CREATE INDEX disposals_of_source ON disposals (source) INCLUDE (size_bytes, files_removed_at);
CREATE INDEX alerts_newest_of_source ON alerts (source, raised_at DESC, id DESC);

-- Events are written in the order of their times, so a few bytes for every thousand of them tell where a time lies.
CREATE INDEX audit_events_at ON audit_events USING brin (at) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX audit_events_of_actor ON audit_events (actor, seq DESC);
-- In the order of bytes, so that all actions of an area stand together.
CREATE INDEX audit_events_of_action ON audit_events (action COLLATE "C", seq DESC);
