-- Up Migration

-- A disposal stands in history before the files go. NULL: they may still be there, and the next cleanup removes them.
ALTER TABLE disposals ADD COLUMN files_removed_at timestamptz;
CREATE INDEX disposals_unfinished ON disposals (source) WHERE files_removed_at IS NULL;
