import { formatBytes } from '../demo/figures.js';
import { changeTitle } from './change.js';
import { promotion } from './incremental-rows.js';
import type { Measurements } from './measurements.js';

/** What a reader must know to read the table rightly; nothing when all is as it should be. */
export function notesOf({ full, scenarios }: Measurements): string[] {
  const promoted = scenarios.flatMap((scenario) => {
    const reason = promotion(scenario);
    if (reason === null) return [];
    return [
      `**Not incremental**: after ${changeTitle(scenario.change)} Safekeep took a full backup instead. Its reason: ${reason}`,
    ];
  });
  const notes = [...promoted];
  if (full.some(({ runs }) => !runs.safekeep.hasManifest)) {
    notes.push(
      '**No manifest**: the fulls have no chunk manifest beside them, so their time is without its cost.',
    );
  }
  if (full.some(({ runs }) => runs.plain.hasManifest)) {
    notes.push(
      '**Hashes not off**: BACKUP_FINGERPRINT=off had no effect, the fulls "without" have a manifest too.',
    );
  }
  return [...notes, ...scenarios.flatMap(archivedWal)];
}

function archivedWal({ change, physical }: Measurements['scenarios'][number]): string[] {
  const wal = Object.entries(physical).map(
    ([variant, { walBytes }]) => `${formatBytes(walBytes)} (${variant})`,
  );
  if (wal.length === 0) return [];
  return [
    `pgBackRest also archived WAL for ${changeTitle(change)}, which is not in its bytes: ${wal.join(', ')}.`,
  ];
}
