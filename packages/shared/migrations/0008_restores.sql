-- Up Migration

-- Two restores into one database at a time would each find what the other is making.
CREATE UNIQUE INDEX restores_one_per_target ON restores (target_database) WHERE status IN ('queued', 'running');
