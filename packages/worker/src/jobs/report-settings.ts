import { keyId } from '@safekeep/archive/key';
import type { ConfigOf } from '@safekeep/shared/config/load';
import type { Secret } from '@safekeep/shared/config/secret';
import { protectionOf } from '@safekeep/shared/config/transport';
import type { Transport } from '@safekeep/shared/contracts/report-body';
import type { ReportSettings } from '@safekeep/shared/history/report-data';
import { VERSION } from '@safekeep/shared/version';

/** What a report may tell of this worker's configuration: no URL, no key, no password. */
export function reportSettings(config: ConfigOf<'worker'>): ReportSettings {
  return {
    sourceNames: config.sourceNames,
    version: VERSION,
    keyId: keyId(config.BACKUP_ENCRYPTION_KEY.reveal()),
    compression: config.BACKUP_COMPRESSION,
    retentionFullDays: config.BACKUP_RETENTION_FULL_DAYS,
    retentionIncrementalDays: config.BACKUP_RETENTION_INCREMENTAL_DAYS,
    retentionKeepMinimum: config.BACKUP_KEEP_MINIMUM,
    rtoTargetSeconds: config.RTO_TARGET,
    rpoTargetSeconds: config.RPO_TARGET,
    transports: [...transports(config)],
  };
}

function* transports(config: ConfigOf<'worker'>): Generator<Transport> {
  yield named('history', config.HISTORY_DATABASE_URL);
  yield named('redis', config.REDIS_URL);
  for (const source of config.sources) yield named(`source ${source.name}`, source.url);
  if (config.SCRATCH_DATABASE_URL !== undefined) yield named('scratch server', config.SCRATCH_DATABASE_URL);
}

const named = (connection: string, url: Secret): Transport => ({ connection, protection: protectionOf(url) });
