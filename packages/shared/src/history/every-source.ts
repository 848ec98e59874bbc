/**
 * SQL: the sources of all backups, `source`. An index tells each source's successor, so it costs as much as there are sources,
 * where DISTINCT would read all backups.
 */
export const EVERY_SOURCE = `
  WITH RECURSIVE every (source) AS (
    (SELECT source FROM backups ORDER BY source LIMIT 1)
    UNION ALL
    SELECT (SELECT next.source FROM backups next WHERE next.source > every.source ORDER BY next.source LIMIT 1)
    FROM every WHERE every.source IS NOT NULL
  )
  SELECT source FROM every WHERE source IS NOT NULL`;
