import { randomUUID } from 'node:crypto';
import { createDeflatePool } from '@safekeep/archive/parallel-gzip/deflate-pool';
import type { Sidecar } from '@safekeep/archive/sidecar';
import { type ConfigOf, loadConfig } from '@safekeep/shared/config/load';
import { fail } from '@safekeep/shared/errors';
import { bytes, seconds } from '@safekeep/shared/format';
import { createLogger } from '@safekeep/shared/logger';
import { sourceUnknown } from '@safekeep/shared/policy/require-source';
import { LocalStorage } from '@safekeep/shared/storage/local';
import { directoryJournal } from '../../catalog/directory-journal.js';
import { fullBackup } from '../../jobs/full-backup.js';
import type { BackupMeter } from '../../jobs/open-backup.js';
import { programDirectories } from '../../postgres/program.js';
import { print } from '../print.js';
import { openDisplay } from '../progress-display.js';
import type { CliOptions } from '../session.js';

/** Somebody waits at the terminal, so a locked table is reported sooner than at night; milliseconds. */
const LOCK_TIMEOUT = 30_000;
/** Between two looks at the meter, in milliseconds. */
const PAUSE = 500;

/**
 * `backup.sh emergency`: a backup of all of a source, taken by this process itself, with neither Redis nor history. Its
 * files are like any other's; workers take it into history when both are back.
 */
export async function emergencyVerb(options: CliOptions): Promise<number> {
  const config = loadConfig(process.env, 'emergency');
  const name = options.source ?? 'main';
  const source = config.sources.find((candidate) => candidate.name === name);
  if (source === undefined) throw sourceUnknown(name, config.sourceNames);
  const sidecar = await whileShown((onMeter, signal) => takeBackup(config, source, onMeter, signal));
  print(options, sidecar, () => describe(sidecar, config.BACKUP_DIR));
  return 0;
}

async function takeBackup(
  config: ConfigOf<'emergency'>,
  source: ConfigOf<'emergency'>['sources'][number],
  onMeter: (meter: BackupMeter) => void,
  signal: AbortSignal,
): Promise<Sidecar> {
  const storage = new LocalStorage(config.BACKUP_DIR, source.name);
  const encryptionKey = config.BACKUP_ENCRYPTION_KEY;
  const journal = directoryJournal(storage, source.name, encryptionKey, new Date());
  const deflatePool = createDeflatePool(config.BACKUP_COMPRESS_THREADS);
  const settings = {
    logger: createLogger({ service: 'cli', level: config.LOG_LEVEL }),
    encryptionKey,
    compression: config.BACKUP_COMPRESSION,
    deflatePool,
    fingerprint: config.BACKUP_FINGERPRINT,
    lockTimeout: LOCK_TIMEOUT,
    programDirectories: await programDirectories(process.env.PATH ?? ''),
    environment: process.env,
  };
  const job = { id: randomUUID(), type: 'emergency', source, journal, storage, onMeter } as const;
  return fullBackup(job, settings, signal).finally(() => deflatePool.close());
}

/** Ctrl-C ends the backup here, for nobody else makes it; what it wrote is removed. */
async function whileShown(
  work: (onMeter: (meter: BackupMeter) => void, signal: AbortSignal) => Promise<Sidecar>,
): Promise<Sidecar> {
  const display = openDisplay(process.stderr);
  const interruption = new AbortController();
  const interrupt = () => interruption.abort(fail('EMERGENCY_INTERRUPTED'));
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, interrupt);
  let meter: BackupMeter | null = null;
  const timer = setInterval(() => display.show(meter?.read(performance.now()) ?? null), PAUSE);
  try {
    return await work((started) => {
      meter = started;
    }, interruption.signal);
  } finally {
    clearInterval(timer);
    for (const signal of signals) process.off(signal, interrupt);
    display.close();
  }
}

function describe(sidecar: Sidecar, directory: string): string {
  const folder = sidecar.source === 'main' ? directory : `${directory}/${sidecar.source}`;
  const rows = sidecar.tables.reduce((sum, table) => sum + table.rows, 0);
  const took = (Date.parse(sidecar.endedAt) - Date.parse(sidecar.startedAt)) / 1000;
  return [
    `emergency backup ${sidecar.id} of source ${sidecar.source}`,
    `file      ${folder}/${sidecar.fileName}`,
    `size      ${bytes(sidecar.size)} in ${seconds(took)}: ${sidecar.tables.length} tables, ${rows} rows`,
    `sha256    ${sidecar.checksum}`,
    `key id    ${sidecar.keyId}`,
    'next      copy all of its files to a safe place; the workers take it into history when they run again',
    '          restore it by hand as docs/DISASTER_RECOVERY_PLAN.md says, or with: backup.sh restore',
  ].join('\n');
}
