import { parseSidecar, type Sidecar, type SidecarBody, serializeSidecar } from '@safekeep/archive/sidecar';
import type { BackupJob, BackupMeter } from './open-backup.js';
import { writeText } from './write-sealed.js';

interface WrittenBackup {
  readonly body: SidecarBody;
  /** All files but the sidecar, hidden yet. */
  readonly files: readonly string[];
  /** Name of the sidecar. */
  readonly sidecar: string;
  readonly passphrase: string;
  readonly meter: BackupMeter;
}

/** Makes a backup visible whose files are written: its sidecar last, and only while the run still holds its place. */
export async function publishBackup(
  { journal, storage }: BackupJob,
  { body, files, sidecar, passphrase, meter }: WrittenBackup,
  signal: AbortSignal,
): Promise<Sidecar> {
  const text = serializeSidecar(body, passphrase);
  await writeText(storage, sidecar, text);
  // The last look at the lease: a run that lost its place publishes nothing.
  await journal.confirm(meter.read(performance.now()), signal);
  await storage.publish([...files, sidecar]);
  return parseSidecar(text, passphrase);
}
