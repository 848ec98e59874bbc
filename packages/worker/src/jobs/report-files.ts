import { createHash } from 'node:crypto';
import { type ReportBody, reportBody } from '@safekeep/shared/contracts/report-body';
import type { FinishedReport } from '@safekeep/shared/history/reports';
import { reportPage } from '@safekeep/shared/report/page';
import { stamp } from '@safekeep/shared/storage/backup-names';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import { z } from 'zod';
import { writeText } from './write-sealed.js';

/** The names of a report's files: the page, and the JSON that counts. */
export function reportNames(stem: string): { readonly html: string; readonly json: string } {
  return { html: `${stem}.html`, json: `${stem}.json` };
}

/** The first name (without its ending) from `startedAt` on that nobody has taken. */
export async function freeStem(storage: BackupStorage, startedAt: Date): Promise<string> {
  for (let second = 0; ; second += 1) {
    const stem = `report_${stamp(new Date(startedAt.getTime() + second * 1000))}`;
    const names = Object.values(reportNames(stem));
    const taken = await Promise.all(names.map((name) => storage.isTaken(name)));
    if (!taken.includes(true)) return stem;
  }
}

/**
 * Writes both files of a report, whole and durable before one of them is visible.
 * @throws SafekeepError BACKUP_DIR_UNUSABLE, DISK_FULL, FILE_NAME_TAKEN
 */
export async function writeReportFiles(
  storage: BackupStorage,
  stem: string,
  body: ReportBody,
): Promise<FinishedReport> {
  const names = reportNames(stem);
  const json = `${JSON.stringify(z.encode(reportBody, body), null, 2)}\n`;
  const html = reportPage(body);
  try {
    await writeText(storage, names.html, html);
    await writeText(storage, names.json, json);
    await storage.publish([names.html, names.json]);
  } catch (error) {
    await storage.discard([names.html, names.json]);
    throw error;
  }
  return { body, stem, jsonSha256: sha256(json), htmlSha256: sha256(html) };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
