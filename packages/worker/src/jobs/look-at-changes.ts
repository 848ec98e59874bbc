import type { ManifestTable } from '@safekeep/archive/manifest-schema';
import { SafekeepError } from '@safekeep/shared/errors';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import { type DetectedTable, detectChanges } from '../incremental/detect-changes.js';
import { type Promotion, promotion } from '../incremental/promotion.js';
import type { TransactionWindow } from '../incremental/transaction-window.js';
import { largeObjectsChanged } from '../postgres/large-object-state.js';
import type { PostgresPrograms } from '../postgres/program.js';
import { readSchemaFacts } from '../postgres/schema-facts.js';
import { queryFailure } from '../postgres/source-failure.js';
import { dumpGlobals } from './dump-globals.js';
import { hashSchema } from './dump-schema.js';
import type { IncrementalMeter } from './incremental-meter.js';
import type { BackupSettings, OpenBackup } from './open-backup.js';
import type { OpenBase } from './open-base.js';
import type { WrittenFile } from './write-sealed.js';

/** What a look at the source needs: a base, and a snapshot that can be compared with it. */
interface Look extends OpenBackup {
  readonly base: OpenBase;
  readonly storage: BackupStorage;
  readonly programs: PostgresPrograms;
  readonly window: TransactionWindow;
  readonly meter: IncrementalMeter;
}

/** What became of each table, and the companion with the roles. */
interface Looked {
  readonly tables: readonly DetectedTable[];
  readonly globals: WrittenFile;
}

/**
 * Compares schema and tables with the base's, beside each other; what one finds out ends the other.
 *
 * @returns why a full backup must be taken, where it must
 * @throws SafekeepError DUMP_FAILED, DUMP_REFUSED, DUMP_INCOMPLETE, DISK_FULL; or the reason of `signal`
 */
export async function lookAtChanges(
  job: Look,
  settings: BackupSettings,
  signal: AbortSignal,
): Promise<Looked | Promotion> {
  const { snapshot, access, base, programs, names, storage, meter } = job;
  const { client } = snapshot;
  const enough = new AbortController();
  const stopped = AbortSignal.any([signal, enough.signal]);
  // A scan may take hours; it ends with its connection.
  stopped.addEventListener('abort', () => void snapshot.close(), { once: true });
  const { head } = base.manifest;
  meter.enter('compare', performance.now());
  const lookAtSchema = async (): Promise<WrittenFile | Promotion> => {
    const options = { programs, access, lockTimeout: settings.lockTimeout };
    const hash = await hashSchema({ snapshot, options }, schemaFacts, stopped);
    if (hash !== head.schemaHash)
      return promotion(
        'schema-changed',
        'The schema changed since the base was taken (a definition, an owner, a privilege or an extension).',
      );
    const passphrase = settings.encryptionKey.reveal();
    return dumpGlobals({ snapshot, options, storage, fileName: names.globals, passphrase }, stopped);
  };
  const schemaFacts = await readSchemaFacts(client).catch((error: unknown) => {
    throw queryFailure({ source: snapshot.source, phase: 'schema', table: null }, error);
  });
  const stop = (error: unknown) => enough.abort(error);
  const [schema, tables] = await Promise.allSettled([
    stopping(lookAtSchema(), stop, stop),
    // Tables that cannot be read as the manifest says may have changed their definitions: the schema tells.
    stopping(lookAtTables(job), stop, () => {}),
  ]);
  const ended = [schema, tables].map((end) => (end.status === 'fulfilled' ? end.value : null));
  const why = ended.find((value): value is Promotion => value !== null && 'code' in value);
  if (signal.aborted) throw signal.reason;
  if (why !== undefined) return why;
  if (schema.status === 'rejected') throw schema.reason;
  if (tables.status === 'rejected') throw tables.reason;
  return { tables: tables.value as readonly DetectedTable[], globals: schema.value as WrittenFile };
}

/** When a work ends in a promotion, or in an error that tells all, the works beside it need not go on. */
async function stopping<T extends object>(
  work: Promise<T>,
  onPromotion: (error: unknown) => void,
  onError: (error: unknown) => void,
): Promise<T> {
  try {
    const value = await work;
    if ('code' in value) onPromotion(new Error('a full backup is taken instead'));
    return value;
  } catch (error) {
    onError(error);
    throw error;
  }
}

async function lookAtTables(job: Look): Promise<readonly DetectedTable[] | Promotion> {
  const { snapshot, base, window, meter } = job;
  const { largeObjects } = base.manifest.head;
  try {
    if (await largeObjectsChanged(snapshot.client, largeObjects, window))
      return promotion('large-objects-changed', 'Large objects changed since the base was taken.');
    const tables = metered(base.manifest.tables, meter);
    const found = await detectChanges(snapshot, base.sidecar, tables, window);
    return found.kind === 'detected' ? found.tables : promotion('tables-differ', found.reason);
  } catch (error) {
    if (error instanceof SafekeepError) throw error;
    throw queryFailure({ source: snapshot.source, phase: 'rows', table: null }, error);
  }
}

async function* metered(tables: AsyncIterable<ManifestTable>, meter: IncrementalMeter) {
  for await (const table of tables) {
    meter.tableStarts(table);
    yield table;
  }
  meter.tablesEnd();
}
