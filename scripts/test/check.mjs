import { runStage } from './stage.mjs';

const LIMIT_MS = 5 * 60_000;

/**
 * Runs a program of the tool chain; it counts as one test.
 * @param {string} title
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<import('./counts.mjs').Counts>}
 */
export async function check(title, command, args) {
  const { code } = await runStage(title, command, args, { limitMs: LIMIT_MS, alone: true });
  return { passed: code === 0 ? 1 : 0, failures: code === 0 ? [] : [title], skipped: 0 };
}
