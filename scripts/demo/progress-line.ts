import type { Progress } from '../../packages/shared/src/contracts/backup.js';
import { formatBytes, formatSeconds } from './figures.js';

const BAR_WIDTH = 20;

/** `[#####---------------]`, for a share from 0 to 1. */
export function bar(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH);
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}]`;
}

/** One line about a running backup: how far, how fast, how long still, and what it does now. */
export function progressLine(progress: Progress): string {
  const { percent, doneBytes, totalBytes, writtenBytes, bytesPerSecond, secondsLeft, table, phase } =
    progress;
  const parts = [
    `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`,
    `${formatBytes(Math.round(bytesPerSecond))}/s`,
    ...(secondsLeft === null ? [] : [`${formatSeconds(Math.ceil(secondsLeft))} left`]),
    table ?? phase,
    `${formatBytes(writtenBytes)} written`,
  ];
  return `  ${bar(percent / 100)} ${String(Math.floor(percent)).padStart(3)} %  ${parts.join(', ')}`;
}
