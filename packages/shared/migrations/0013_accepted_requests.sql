-- Up Migration

-- When a request with an Idempotency-Key was known to be in the queue. Repetitions of it may ask the queue at the same time,
-- and whoever writes its answer to the row first decides for all of them: this, or the end as refused.
ALTER TABLE backups ADD COLUMN accepted_at timestamptz;
