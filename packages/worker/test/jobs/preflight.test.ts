import { SafekeepError } from '@safekeep/shared/errors';
import { expect } from 'chai';
import { expectedBytes, requireSpace } from '../../src/jobs/preflight.js';

const MARGIN = 16 * 1024 * 1024;

describe('the room that a backup needs', () => {
  const cases: [lastSize: number | null, tableBytes: number, needed: number, why: string][] = [
    [null, 0, MARGIN, 'an empty database: sidecar and companions'],
    [null, 1_000_000_000, MARGIN + 50_000_000, 'the first backup: a twentieth of the tables'],
    [null, 1, MARGIN + 1, 'rounded up'],
    [700, 1_000_000_000, MARGIN + 700, 'what the last one took, whatever the tables say'],
    [0, 1_000_000_000, MARGIN, 'a last one of nothing is known, too'],
  ];
  for (const [lastSize, tableBytes, needed, why] of cases) {
    it(`is ${needed} bytes (${why})`, () => {
      expect(expectedBytes({ lastSize, tableBytes })).to.equal(needed);
    });
  }

  it('is there when exactly so much is free', () => {
    requireSpace(MARGIN, MARGIN);
  });

  it('is missing when a byte less is free, which is refused with both figures', () => {
    try {
      requireSpace(MARGIN - 1, MARGIN + 50_000_000);
      expect.fail('it was not refused');
    } catch (error) {
      expect(error).to.be.instanceOf(SafekeepError);
      expect(error).to.include({ code: 'SPACE_TOO_SMALL', httpStatus: 507, exitCode: 6, retryable: false });
      expect((error as Error).message).to.equal(
        'The backup directory has 17 MB free; this backup is expected to need 67 MB.',
      );
    }
    expect(() => requireSpace(MARGIN - 1, MARGIN)).to.throw(SafekeepError);
  });
});
