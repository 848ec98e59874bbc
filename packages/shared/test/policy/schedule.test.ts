import { expect } from 'chai';
import { isCron } from '../../src/config/cron.js';
import type { ScheduleChange } from '../../src/contracts/schedule.js';
import type { ScheduleState } from '../../src/history/schedules.js';
import { applyChange, comesDueAnew, cronInForce, describeChange } from '../../src/policy/schedule.js';

const plain: ScheduleState = {
  envCron: '0 2 * * *',
  cron: null,
  overridden: false,
  paused: false,
  timezone: 'UTC',
};
const overridden: ScheduleState = { ...plain, cron: '0 3 * * *', overridden: true };
const off: ScheduleState = { ...plain, cron: null, overridden: true };

describe('a change of a schedule', () => {
  const table: readonly [
    what: string,
    before: ScheduleState,
    change: ScheduleChange,
    inForce: string | null,
    anew: boolean,
  ][] = [
    ['an override holds over the environment', plain, { cron: '0 3 * * *' }, '0 3 * * *', true],
    ['an override by the same', plain, { cron: '0 2 * * *' }, '0 2 * * *', false],
    ['off', plain, { cron: 'off' }, null, true],
    ['taken back', overridden, { cron: null }, '0 2 * * *', true],
    ['off taken back', off, { cron: null }, '0 2 * * *', true],
    ['taking back what is not there', plain, { cron: null }, '0 2 * * *', false],
    ['paused', overridden, { paused: true }, '0 3 * * *', true],
    ['not paused stays', overridden, { paused: false }, '0 3 * * *', false],
    ['unpaused', { ...plain, paused: true }, { paused: false }, '0 2 * * *', true],
    ['changed while paused', { ...plain, paused: true }, { cron: '0 3 * * *' }, '0 3 * * *', false],
  ];
  for (const [what, before, change, inForce, anew] of table) {
    it(`${what}: ${anew ? 'earlier due times are nobody’s' : 'due times go on'}`, () => {
      const after = applyChange(before, change);
      expect(cronInForce(after)).to.equal(inForce);
      expect(comesDueAnew(before, after)).to.equal(anew);
    });
  }

  it('of the time zone makes another schedule of it; of the environment under an override does not', () => {
    expect(comesDueAnew(plain, { ...plain, timezone: 'Europe/Berlin' })).to.equal(true);
    expect(comesDueAnew(overridden, { ...overridden, envCron: '0 5 * * *' })).to.equal(false);
  });

  it('is told to the audit trail by what differs', () => {
    expect(describeChange(plain, applyChange(plain, { cron: 'off' }))).to.deep.equal({
      beforeCron: '0 2 * * *',
      afterCron: 'off',
      beforeOverridden: false,
      afterOverridden: true,
    });
    expect(describeChange(plain, plain)).to.deep.equal({});
    expect(describeChange(plain, null)).to.include({ beforeCron: '0 2 * * *', afterCron: null });
  });
});

describe('a cron expression', () => {
  for (const good of [
    '0 2 * * *',
    '0 */6 * * *',
    '0  2 * * SUN',
    '0 2 L * *',
    '30 4 1,15 * 5',
    '0 0 29 2 *',
  ]) {
    it(`"${good}" is taken`, () => expect(isCron(good)).to.equal(true));
  }
  const bad = ['', '0 2 * *', '0 0 2 * * *', '60 * * * *', '0 2 30 2 *', 'H 2 * * *', '@daily', 'a b c d e'];
  for (const text of bad) it(`"${text}" is refused`, () => expect(isCron(text)).to.equal(false));
});
