import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** What somebody met with who asked all the time. Milliseconds. */
export interface ProbeFigures {
  readonly asked: number;
  readonly failed: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const PAUSE_MS = 50;
const ANSWER_WITHIN_MS = 5_000;

/** Asks for the health and the history in turns, each over a connection of its own, as a newcomer does. */
export function startProbe(url: string, token: string): { stop(): Promise<ProbeFigures> } {
  const times: number[] = [];
  let failed = 0;
  let going = true;
  const work = (async () => {
    for (let number = 0; going; number += 1) {
      const started = performance.now();
      const answered = await ask(
        `${url}${number % 2 === 0 ? '/health/live' : '/backup/history?limit=10'}`,
        token,
      );
      times.push(performance.now() - started);
      if (!answered) failed += 1;
      await delay(PAUSE_MS);
    }
  })();
  return {
    async stop() {
      going = false;
      await work;
      times.sort((a, b) => a - b);
      const at = (part: number) => times[Math.min(times.length - 1, Math.floor(part * times.length))] ?? 0;
      return { asked: times.length, failed, p50: at(0.5), p99: at(0.99), max: times.at(-1) ?? 0 };
    },
  };
}

function ask(url: string, token: string): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}` };
    const request = get(url, { agent: false, headers, timeout: ANSWER_WITHIN_MS }, (answer) => {
      answer.resume();
      answer.once('close', () => resolve(answer.statusCode === 200));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}
