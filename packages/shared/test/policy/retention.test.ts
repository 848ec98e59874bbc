import { expect } from 'chai';
import {
  decideRetention,
  type RetainedBackup,
  type RetentionPolicy,
  removalOrder,
} from '../../src/policy/retention.js';
import { aBackup, anIncremental, anyHistory, NOW, random } from './histories.js';

const POLICY: RetentionPolicy = {
  fullDays: 90,
  incrementalDays: 30,
  keepMinimum: 3,
  sources: ['main', 'lab'],
};
const HOUR = 3_600_000;

/** Enough new fulls that the minimum is met and ages count up to NOW. */
const RECENT = [aBackup(0), aBackup(1), aBackup(2)];

function decide(backups: readonly RetainedBackup[], now = NOW, policy: Partial<RetentionPolicy> = {}) {
  const decisions = decideRetention(backups, { ...POLICY, ...policy }, now);
  return (backup: RetainedBackup) => {
    const decision = decisions.find((candidate) => candidate.backup.id === backup.id);
    return `${decision?.action}: ${decision?.reason}`;
  };
}

describe('retention', () => {
  describe('decides about one backup beside three new ones', () => {
    const held = { legalHold: true, legalHoldReason: 'case 12' };
    const cases: readonly [string, Partial<RetainedBackup> & { days: number }, string][] = [
      ['a full one within its days', { days: 89 }, 'keep: 89 days old; full backups are kept for 90 days'],
      ['one on its last day', { days: 90 }, 'keep: 90 days old; full backups are kept for 90 days'],
      [
        'one that is older',
        { days: 90.01 },
        'remove: 90 days old, more than the 90 days that full backups are kept',
      ],
      [
        'one that is much older',
        { days: 400 },
        'remove: 400 days old, more than the 90 days that full backups are kept',
      ],
      [
        'an old emergency one',
        { days: 91, type: 'emergency' },
        'remove: 91 days old, more than the 90 days that full backups are kept',
      ],
      [
        'an incremental within its days',
        { days: 1, type: 'incremental' },
        'keep: 1 day old; incremental backups are kept for 30 days',
      ],
      [
        'an older incremental',
        { days: 31, type: 'incremental' },
        'remove: 31 days old, more than the 30 days that incremental backups are kept',
      ],
      ['one under legal hold', { days: 400, ...held }, 'keep: legal hold: case 12'],
      [
        'one that history took in from its sidecar six days ago, and whose hold it may have lost',
        { days: 400, adoptedAt: new Date(NOW.getTime() - 6 * 86_400_000) },
        'keep: taken into history from its sidecar less than 7 days ago: if it was under legal hold, hold it again',
      ],
      [
        'one that history took in from its sidecar a week ago',
        { days: 91, adoptedAt: new Date(NOW.getTime() - 7 * 86_400_000) },
        'remove: 91 days old, more than the 90 days that full backups are kept',
      ],
      [
        'one that a verification reads',
        { days: 400, reader: 'a verification' },
        'keep: a verification needs it now',
      ],
      [
        'the last verified one',
        { days: 400, verified: 'passed' },
        'keep: the last backup that passed its verification',
      ],
      [
        'the last restored one',
        { days: 400, recoveryTested: 'passed' },
        'keep: the last backup that passed a recovery test',
      ],
      [
        'one that failed its verification',
        { days: 91, verified: 'failed' },
        'remove: 91 days old, more than the 90 days that full backups are kept',
      ],
      [
        'one whose file is missing',
        { days: 50, status: 'missing' },
        'keep: 50 days old; full backups are kept for 90 days',
      ],
      [
        'an expired one whose file is missing',
        { days: 91, status: 'missing' },
        'remove: 91 days old, more than the 90 days that full backups are kept; its file is missing, what is left of it goes',
      ],
      [
        'an incremental without its base',
        { days: 31, type: 'incremental', baseId: 'gone' },
        'remove: 31 days old, more than the 30 days that incremental backups are kept; its base is gone, so it restores nothing',
      ],
      [
        'one of a source that is not configured',
        { days: 400, source: 'gone' },
        'keep: the source gone is not configured any more',
      ],
    ];
    for (const [what, { days, ...more }, expected] of cases) {
      it(`${what}: ${expected}`, () => {
        const backup = aBackup(days, more);
        expect(decide([...RECENT, backup])(backup)).to.equal(expected);
      });
    }
  });

  it('has nothing to decide about no backups', () => {
    expect(decideRetention([], POLICY, NOW)).to.deep.equal([]);
  });

  it('keeps the newest fulls of each source however old they are, and counts each source by itself', () => {
    const old = [100, 200, 300, 400].map((days) => aBackup(days));
    const lab = aBackup(500, { source: 'lab' });
    const tell = decide([...old, lab]);
    for (const backup of [...old.slice(0, 3), lab]) expect(tell(backup)).to.match(/^keep/);
    // 300 days older than the newest one.
    expect(tell(old[3] as RetainedBackup)).to.equal(
      'remove: 300 days old, more than the 90 days that full backups are kept',
    );
    expect(decide(old, NOW, { keepMinimum: 4 })(old[3] as RetainedBackup)).to.equal(
      'keep: one of the 4 newest full backups',
    );
  });

  it('does not count what is missing, broken or incremental towards the minimum', () => {
    const base = aBackup(5);
    const poor = [
      aBackup(0, { status: 'missing' }),
      aBackup(1, { verified: 'failed' }),
      anIncremental(2, base),
    ];
    const good = [base, aBackup(150), aBackup(151)];
    const tell = decide([...poor, ...good]);
    for (const backup of good.slice(1))
      expect(tell(backup)).to.equal('keep: one of the 3 newest full backups');
  });

  it('where backups stopped coming nothing expires: age counts up to the newest one', () => {
    const old = [0, 30, 60, 89].map((days) => aBackup(500 + days));
    for (const backup of old) expect(decide(old)(backup)).to.match(/^keep/);
  });

  it('keeps the base of whatever is kept, and says for which', () => {
    const base = aBackup(120);
    const incremental = anIncremental(20, base);
    const tell = decide([...RECENT, base, incremental]);
    expect(tell(base)).to.equal(`keep: base of ${incremental.fileName}, which is kept`);
  });

  it('a legal hold keeps the base too, and so does whoever reads', () => {
    for (const why of [{ legalHold: true }, { reader: 'a restore' }, { recoveryTested: 'passed' }] as const) {
      const base = aBackup(400);
      const incremental = anIncremental(399, base, why);
      expect(decide([...RECENT, base, incremental])(base), JSON.stringify(why)).to.match(/^keep: base of/);
    }
  });

  it('an older verified backup may go once a newer one is verified', () => {
    const [newer, older] = [aBackup(1, { verified: 'passed' }), aBackup(100, { verified: 'passed' })];
    expect(decide([...RECENT, newer, older])(older)).to.match(/^remove/);
  });

  it('does not fall back on a verified chain of which a file is missing', () => {
    const base = aBackup(100, { status: 'missing' });
    const broken = anIncremental(99, base, { verified: 'passed' });
    const whole = aBackup(200, { verified: 'passed' });
    expect(decide([...RECENT, base, broken, whole])(whole)).to.equal(
      'keep: the last backup that passed its verification',
    );
  });

  it('a base that failed its verification, or has none yet, makes no proof of an incremental that passed', () => {
    for (const verified of ['failed', null] as const) {
      const base = aBackup(100, { verified });
      const incremental = anIncremental(99, base, { verified: 'passed' });
      const proven = aBackup(200, { verified: 'passed' });
      const older = anIncremental(199, proven, { verified: 'passed' });
      const tell = decide([...RECENT, base, incremental, proven, older]);
      expect(tell(incremental)).to.match(/^remove/);
      expect(tell(older)).to.equal('keep: the last backup that passed its verification');
      expect(tell(proven)).to.equal('keep: the last full backup that passed its verification');
    }
  });

  it('a recovery test of an incremental proves it as long as its base does not fail afterwards', () => {
    const newer = aBackup(100, { verified: 'failed' });
    const broken = anIncremental(99, newer, { recoveryTested: 'passed' });
    const base = aBackup(200);
    const tested = anIncremental(199, base, { recoveryTested: 'passed' });
    const tell = decide([...RECENT, newer, broken, base, tested]);
    expect(tell(broken)).to.match(/^remove/);
    expect(tell(tested)).to.equal('keep: the last backup that passed a recovery test');
    expect(tell(base)).to.match(/^keep: base of/);
  });

  it('says of an incremental that restores nothing that its base is missing', () => {
    const base = aBackup(10, { status: 'missing' });
    const incremental = anIncremental(9, base);
    expect(decide([...RECENT, base, incremental])(incremental)).to.equal(
      `keep: 9 days old; incremental backups are kept for 30 days; it restores nothing while its base ${base.fileName} is missing`,
    );
  });

  it('keeps the last verified full beside the last verified incremental', () => {
    const base = aBackup(150, { verified: 'passed' });
    const incremental = anIncremental(149, base, { verified: 'passed' });
    const tell = decide([...RECENT, base, incremental]);
    expect(tell(incremental)).to.equal('keep: the last backup that passed its verification');
    expect(tell(base)).to.equal('keep: the last full backup that passed its verification');
  });

  it('takes two backups of one time in the order of their numbers', () => {
    const [first, second] = [aBackup(100, { sequence: 1 }), aBackup(100, { sequence: 2 })];
    const tell = decide([first, second, aBackup(0)], NOW, { keepMinimum: 2 });
    expect(tell(second)).to.match(/^keep/);
    expect(tell(first)).to.match(/^remove/);
  });

  it('believes no age while a clock is wrong, and nothing expires early', () => {
    const backups = [...RECENT, aBackup(89.5), aBackup(90.5)];
    const decisions = (shift: number) =>
      decideRetention(backups, POLICY, new Date(NOW.getTime() + shift)).map(({ action }) => action);
    const right = decisions(0);
    expect(right).to.deep.equal(['keep', 'keep', 'keep', 'keep', 'remove']);
    expect(decisions(24 * HOUR), 'a day ahead').to.deep.equal(right);
    expect(decisions(-24 * HOUR), 'a day back').to.deep.equal(right.map(() => 'keep'));
    expect(decide(backups, new Date(NOW.getTime() - 24 * HOUR))(backups[4] as RetainedBackup)).to.match(
      /^keep: a backup ended at 2024-06-01T05:00:00.000Z, which is in the future: a clock is wrong/,
    );
  });

  it('removes what builds on another backup first, then the oldest first', () => {
    const base = aBackup(300);
    const [older, newer] = [anIncremental(299, base), anIncremental(250, base)];
    const full = aBackup(310);
    const decisions = decideRetention([...RECENT, base, older, newer, full], POLICY, NOW);
    expect(removalOrder(decisions).map(({ backup }) => backup.id)).to.deep.equal(
      [older, newer, full, base].map(({ id }) => id),
    );
  });

  describe('of any history', () => {
    const seeds = Number(process.env.PROPERTY_SEEDS ?? 300);
    const first = Number(process.env.PROPERTY_SEED ?? Math.floor(Math.random() * 2 ** 31));
    it(`keeps what must be kept, also while it removes one after the other (${seeds} seeds from ${first})`, () => {
      for (let seed = first; seed < first + seeds; seed += 1) check(seed);
    });
  });
});

/** I4, and the rest of what retention promises. */
function check(seed: number): void {
  const next = random(seed);
  const history = anyHistory(next);
  const policy = { ...POLICY, keepMinimum: 1 + Math.floor(next() * 4) };
  const decisions = decideRetention(history, policy, NOW);
  const label = `PROPERTY_SEED=${seed}`;
  expect(
    decisions.map(({ backup }) => backup.id),
    label,
  ).to.have.members(history.map(({ id }) => id));
  expectPromises(history, decisions, policy, label);

  // Each removal is decided again on what is left: nothing that was to stay goes, and no base before what needs it.
  let left = history;
  for (const { backup } of removalOrder(decisions)) {
    const again = decideRetention(left, policy, NOW).find((decision) => decision.backup.id === backup.id);
    expect(again?.action, label).to.equal('remove');
    expect(
      left.some(({ baseId }) => baseId === backup.id),
      `${label} base first`,
    ).to.equal(false);
    left = left.filter(({ id }) => id !== backup.id);
    expectPromises(left, decideRetention(left, policy, NOW), policy, label);
  }
  const stay = decideRetention(left, policy, NOW).filter(({ action }) => action === 'remove');
  expect(stay, `${label} removes more the second time`).to.deep.equal([]);
}

function expectPromises(
  history: readonly RetainedBackup[],
  decisions: ReturnType<typeof decideRetention>,
  policy: RetentionPolicy,
  label: string,
): void {
  const removed = new Set(
    decisions.filter(({ action }) => action === 'remove').map(({ backup }) => backup.id),
  );
  const byId = new Map(history.map((backup) => [backup.id, backup]));
  const chain = (backup: RetainedBackup) => [
    backup,
    ...(byId.has(backup.baseId ?? '') ? [byId.get(backup.baseId ?? '')] : []),
  ];
  for (const backup of history) {
    if (backup.legalHold || backup.reader !== null || !policy.sources.includes(backup.source))
      for (const member of chain(backup)) expect(removed.has(member?.id ?? ''), label).to.equal(false);
    if (!removed.has(backup.id) && backup.baseId !== null)
      expect(removed.has(backup.baseId), `${label} needed base`).to.equal(false);
  }
  for (const source of policy.sources) {
    const own = history.filter((backup) => backup.source === source);
    const verified = own.filter(
      (backup) =>
        backup.verified === 'passed' &&
        backup.status === 'completed' &&
        (backup.baseId === null ||
          (byId.get(backup.baseId)?.status === 'completed' &&
            byId.get(backup.baseId)?.verified === 'passed')),
    );
    const newest = Math.max(...verified.map((backup) => backup.endedAt.getTime()));
    const last = verified.filter((backup) => backup.endedAt.getTime() === newest);
    if (last.length > 0)
      expect(
        last.some((backup) => chain(backup).every((member) => !removed.has(member?.id ?? ''))),
        `${label} last verified chain`,
      ).to.equal(true);
    const fulls = own.filter(
      ({ type, status, verified: verdict }) =>
        type !== 'incremental' && status === 'completed' && verdict !== 'failed',
    );
    const kept = fulls.filter(({ id }) => !removed.has(id));
    expect(kept.length, `${label} minimum`).to.be.at.least(Math.min(policy.keepMinimum, fulls.length));
  }
}
