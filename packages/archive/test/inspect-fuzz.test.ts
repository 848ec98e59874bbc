import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { createInspector } from '../src/inspect.js';
import { codeOf, pieces } from './flow.js';
import { GOLDEN, golden } from './golden.js';
import { mutate, random } from './mutations.js';

const SEEDS = Number(process.env.ARCHIVE_FUZZ_SEEDS ?? 200);
const MAX_GROWTH_BYTES = 256 * 1024 * 1024;

describe('a mutated archive that is inspected', () => {
  it(`never does worse than an ArchiveError (seeds 1 to ${SEEDS}, each on every golden archive)`, async function () {
    this.timeout(60_000 + SEEDS * 1000);
    const before = process.memoryUsage().rss;
    let refused = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      for (const name of GOLDEN) {
        const next = random(seed);
        const bytes = mutate(golden(name), next);
        const began = performance.now();
        const inspection = pipeline(pieces(bytes, 1 + next(5000)), createInspector() as Writable);
        try {
          if ((await codeOf(inspection)) !== 'none') refused++;
        } catch (cause) {
          throw new Error(`seed ${seed} of ${name} failed with something else`, { cause });
        }
        expect(performance.now() - began, `seed ${seed} of ${name}`).to.be.lessThan(5000);
      }
    }
    expect(process.memoryUsage().rss - before).to.be.lessThan(MAX_GROWTH_BYTES);
    expect(refused).to.be.greaterThan(SEEDS);
  });
});
