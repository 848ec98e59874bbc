import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { createGzipFrame } from '../src/gzip-frame.js';
import { createInspector } from '../src/inspect.js';
import { readArchiveToc } from '../src/read-toc.js';
import { createSealer } from '../src/seal.js';
import { createWalker } from '../src/walk.js';
import { described, PASSPHRASE, verify } from './described-backup.js';
import { codeOf, flow, pieces } from './flow.js';
import { GOLDEN, golden } from './golden.js';
import { mutate, numbersIn, type Random, random, type Specimen } from './mutations.js';

// FUZZ_SEEDS=5000 npx mocha packages/archive/test/fuzz.test.ts   a long campaign
// FUZZ_SEED=17    npx mocha packages/archive/test/fuzz.test.ts   one seed alone
const SEEDS = Number(process.env.FUZZ_SEEDS ?? 100);
const ALONE = process.env.FUZZ_SEED;
const FIRST = ALONE === undefined ? 1 : Number(ALONE);
const LAST = ALONE === undefined ? SEEDS : FIRST;

/** How much more memory the process may have after all seeds than before, in bytes. */
const MAX_GROWTH = 192 * 1024 * 1024;

const specimens = GOLDEN.map((name, at): Specimen & { name: string } => ({
  name,
  archive: golden(name),
  numbers: numbersIn(golden(name)),
  other: golden(GOLDEN[(at + 1) % GOLDEN.length] as string),
}));

/** Bytes as they come from a pipe. */
function source(bytes: Buffer, next: Random): Readable {
  return Readable.from(pieces(bytes, 1 + next(5000)), { objectMode: false });
}

/** Each gets the mutated bytes and gives the code that it refuses them with, `none` when it takes them. */
const READERS: Readonly<Record<string, (bytes: Buffer, next: Random) => Promise<string>>> = {
  walker: (bytes, next) => codeOf(flow(pieces(bytes, 1 + next(5000)), createWalker())),
  inspector: (bytes, next) => codeOf(pipeline(source(bytes, next), createInspector() as Writable)),
  'table of contents': (bytes, next) => codeOf(readArchiveToc(source(bytes, next))),
};

/** A whole backup file whose sidecar fits its bytes: of the mutated archive, or mutated itself where it is sealed or framed. */
async function verdictOf(specimen: Specimen, next: Random): Promise<string> {
  const where = next(3);
  const change = (bytes: Buffer, at: number) =>
    where === at ? mutate({ ...specimen, archive: bytes, numbers: [next(bytes.length)] }, next) : bytes;
  const archive = where === 0 ? mutate(specimen, next) : specimen.archive;
  const sealed = change(await flow(archive, createSealer(PASSPHRASE)), 1);
  const file = change(await flow(sealed, createGzipFrame()), 2);
  // No sidecar describes an empty file.
  if (file.length === 0 || archive.length === 0) return 'nothing';
  const verdict = await verify(file, described(file, archive));
  return verdict.ok ? 'none' : verdict.step;
}

async function runSeed(seed: number, tally: Map<string, number>): Promise<void> {
  const count = (key: string) => tally.set(key, (tally.get(key) ?? 0) + 1);
  for (const specimen of specimens) {
    const bytes = mutate(specimen, random(seed));
    for (const [name, read] of Object.entries(READERS)) count(`${name}: ${await read(bytes, random(seed))}`);
  }
  const specimen = specimens[seed % specimens.length] as Specimen;
  count(`verification: ${await verdictOf(specimen, random(seed))}`);
}

describe('a mutated archive', () => {
  it(`never does worse than an error with a code (seeds ${FIRST} to ${LAST}, each on every golden archive)`, async function () {
    this.timeout(60_000 + (LAST - FIRST) * 1000);
    const before = process.memoryUsage.rss();
    const tally = new Map<string, number>();
    for (let seed = FIRST; seed <= LAST; seed++) {
      try {
        await runSeed(seed, tally);
      } catch (cause) {
        throw new Error(
          `seed ${seed} failed with something else; alone: FUZZ_SEED=${seed} npx mocha packages/archive/test/fuzz.test.ts`,
          { cause },
        );
      }
    }
    const grown = process.memoryUsage.rss() - before;
    expect(grown, 'growth in bytes').to.be.lessThan(MAX_GROWTH);
    const met = [...tally]
      .map(([what, times]) => `${what} ${times}`)
      .sort((one, other) => (one < other ? -1 : 1));
    process.stdout.write(
      `      ${LAST - FIRST + 1} seeds (FUZZ_SEEDS), grown by ${Math.max(0, grown >> 20)} MiB; ${met.join(', ')}\n`,
    );
    // Else the mutations do not reach what they should.
    if (ALONE === undefined && SEEDS >= 100)
      expect([...tally.keys()]).to.include.members([
        'walker: none',
        'walker: ARCHIVE_MALFORMED',
        'walker: ARCHIVE_TRUNCATED',
        'walker: ARCHIVE_MISSING_DATA',
        'walker: ARCHIVE_TOO_LARGE',
        'inspector: ARCHIVE_DATA_BROKEN',
        'table of contents: ARCHIVE_MALFORMED',
        'verification: gzip',
        'verification: decryption',
        'verification: archive',
      ]);
  });
});
