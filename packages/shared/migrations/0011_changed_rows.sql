-- Up Migration

-- What of an incremental backup's rows is in its own archive; NULL for all other backups.
ALTER TABLE backups ADD COLUMN changed_tables integer, ADD COLUMN changed_rows bigint;
