import { setTimeout as delay } from 'node:timers/promises';
import { describeError, type Logger } from '@safekeep/shared/logger';
import type { Targets } from '@safekeep/shared/policy/health';
import type { Producer } from '@safekeep/shared/queues/producer';
import { readQueues } from '@safekeep/shared/queues/queue-figures';
import { VERSION } from '@safekeep/shared/version';
import type pg from 'pg';
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import { SharedWork } from '../shared-work.js';
import { type Family, metricFamilies } from './families.js';
import { type HistorySnapshot, readHistorySnapshot } from './snapshot.js';

/** A scrape tells what it has after this time, in milliseconds; Prometheus gives up after 10 s. */
const HISTORY_DEADLINE = 3_000;

/** Several Prometheus servers, or somebody with a browser, make no more reads than one a second. Milliseconds. */
const FRESH = 1_000;

/**
 * A long history takes its time to be counted, so what was counted serves for so many times as long: whatever its length
 * and whoever asks, counting keeps history busy for a small part of the time.
 */
const SERVES = 10;

/** And no longer than this, in milliseconds: Prometheus asks every 15 s where nobody said otherwise. */
const STALE = 15_000;

interface Parts {
  readonly pool: pg.Pool;
  readonly producer: Producer;
  readonly sourceNames: readonly string[];
  readonly targets: Targets;
  readonly logger: Logger;
}

/** Tells Prometheus what history and Redis say at the time of the scrape, and how this process does. */
export class Metrics {
  static readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;

  readonly #parts: Parts;
  readonly #process = new Registry();
  #text: { readonly at: number; readonly value: Promise<string> } | undefined;
  #fresh = FRESH;
  /** Goes on when it is too late for a scrape: a history that hangs shall not collect queries. */
  readonly #history: SharedWork<HistorySnapshot | null>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#history = new SharedWork(() => readHistory(parts));
    collectDefaultMetrics({ register: this.#process });
  }

  /** In Prometheus' text format. Answers also when history and Redis do not. */
  async scrape(): Promise<string> {
    const now = performance.now();
    if (this.#text === undefined || now - this.#text.at > this.#fresh)
      this.#text = { at: now, value: this.#write() };
    return this.#text.value;
  }

  async #write(): Promise<string> {
    const { producer, targets } = this.#parts;
    const began = performance.now();
    const inTime = Promise.race([this.#history.result(), delay(HISTORY_DEADLINE, null, { ref: false })]);
    const [history, redis] = await Promise.all([inTime, readQueues(producer)]);
    // What is missing shall not be missing for longer than it must.
    const worked = history === null ? 0 : SERVES * (performance.now() - began);
    this.#fresh = Math.min(Math.max(FRESH, worked), STALE);
    const own = toRegistry(metricFamilies({ history, redis, targets, version: VERSION }));
    return `${await own.metrics()}\n${await this.#process.metrics()}`;
  }
}

async function readHistory({ pool, sourceNames, logger }: Parts): Promise<HistorySnapshot | null> {
  try {
    return await readHistorySnapshot(pool, sourceNames);
  } catch (error) {
    logger.warn('metrics without history', { error: describeError(error) });
    return null;
  }
}

/** prom-client's own metrics count what this process does; these come counted, and only their text is prom-client's. */
function toRegistry(families: readonly Family[]): Registry {
  const registry = new Registry();
  for (const { name, help, type, samples } of families) {
    const metric = { name, get: async () => ({ name, help, type, values: samples, aggregator: 'sum' }) };
    registry.registerMetric(metric as unknown as Metric);
  }
  return registry;
}
