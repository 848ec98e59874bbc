-- Up Migration

-- The newest backup of each source that has ended is looked for twice a minute, whatever the length of history.
CREATE INDEX backups_newest_ended ON backups (source, ended_at DESC) WHERE ended_at IS NOT NULL;
