import { expect } from 'chai';
import { isLate, newestDue, nextDue } from '../../src/policy/due.js';
import { instantOf, wallTimeAt } from '../../src/policy/local-time.js';

const iso = (date: Date | null) => date?.toISOString() ?? null;
const EVER = new Date(0);

describe('due times', () => {
  const table: readonly {
    what: string;
    cron: string;
    timezone: string;
    now: string;
    newest: string;
    next: string;
  }[] = [
    {
      what: 'an ordinary night',
      cron: '0 2 * * *',
      timezone: 'UTC',
      now: '2026-01-05T12:00:00Z',
      newest: '2026-01-05T02:00:00Z',
      next: '2026-01-06T02:00:00Z',
    },
    {
      what: 'the due time itself',
      cron: '0 2 * * *',
      timezone: 'UTC',
      now: '2026-01-05T02:00:00Z',
      newest: '2026-01-05T02:00:00Z',
      next: '2026-01-06T02:00:00Z',
    },
    {
      what: 'a millisecond before it',
      cron: '0 2 * * *',
      timezone: 'UTC',
      now: '2026-01-05T01:59:59.999Z',
      newest: '2026-01-04T02:00:00Z',
      next: '2026-01-05T02:00:00Z',
    },
    {
      what: 'every six hours',
      cron: '0 */6 * * *',
      timezone: 'UTC',
      now: '2026-01-05T05:00:00Z',
      newest: '2026-01-05T00:00:00Z',
      next: '2026-01-05T06:00:00Z',
    },
    {
      what: 'Sundays',
      cron: '0 3 * * 0',
      timezone: 'UTC',
      now: '2026-01-05T12:00:00Z',
      newest: '2026-01-04T03:00:00Z',
      next: '2026-01-11T03:00:00Z',
    },
    {
      what: 'the 29th of February',
      cron: '0 2 29 2 *',
      timezone: 'UTC',
      now: '2026-01-05T12:00:00Z',
      newest: '2024-02-29T02:00:00Z',
      next: '2028-02-29T02:00:00Z',
    },
    {
      what: 'winter time in Berlin',
      cron: '0 2 * * *',
      timezone: 'Europe/Berlin',
      now: '2026-01-05T12:00:00Z',
      newest: '2026-01-05T01:00:00Z',
      next: '2026-01-06T01:00:00Z',
    },
    {
      what: 'summer time in Berlin',
      cron: '0 2 * * *',
      timezone: 'Europe/Berlin',
      now: '2026-07-05T12:00:00Z',
      newest: '2026-07-05T00:00:00Z',
      next: '2026-07-06T00:00:00Z',
    },
    {
      what: 'half an hour beside the others, in Kolkata',
      cron: '0 2 * * *',
      timezone: 'Asia/Kolkata',
      now: '2026-01-05T12:00:00Z',
      newest: '2026-01-04T20:30:00Z',
      next: '2026-01-05T20:30:00Z',
    },
    {
      what: '02:30 that the clocks skip: when they jump',
      cron: '30 2 * * *',
      timezone: 'Europe/Berlin',
      now: '2026-03-29T00:59:00Z',
      newest: '2026-03-28T01:30:00Z',
      next: '2026-03-29T01:00:00Z',
    },
    {
      what: '02:30 after the clocks skipped it: not again at 03:30',
      cron: '30 2 * * *',
      timezone: 'Europe/Berlin',
      now: '2026-03-29T01:15:00Z',
      newest: '2026-03-29T01:00:00Z',
      next: '2026-03-30T00:30:00Z',
    },
    {
      what: '02:30 that the clocks show twice: the first',
      cron: '30 2 * * *',
      timezone: 'Europe/Berlin',
      now: '2026-10-24T12:00:00Z',
      newest: '2026-10-24T00:30:00Z',
      next: '2026-10-25T00:30:00Z',
    },
    {
      what: '02:30 while the clocks show it again: not again',
      cron: '30 2 * * *',
      timezone: 'Europe/Berlin',
      now: '2026-10-25T01:30:00Z',
      newest: '2026-10-25T00:30:00Z',
      next: '2026-10-26T01:30:00Z',
    },
    {
      what: 'a midnight that is skipped, in Beirut',
      cron: '0 0 * * *',
      timezone: 'Asia/Beirut',
      now: '2026-03-28T12:00:00Z',
      newest: '2026-03-27T22:00:00Z',
      next: '2026-03-28T22:00:00Z',
    },
    {
      what: 'clocks that change by half an hour, on Lord Howe Island',
      cron: '15 2 * * *',
      timezone: 'Australia/Lord_Howe',
      now: '2026-10-03T15:00:00Z',
      newest: '2026-10-02T15:45:00Z',
      next: '2026-10-03T15:30:00Z',
    },
  ];
  for (const { what, cron, timezone, now, newest, next } of table) {
    it(`${what}: ${cron} in ${timezone} at ${now}`, () => {
      expect(iso(newestDue({ cron, timezone, since: EVER }, new Date(now)))).to.equal(iso(new Date(newest)));
      expect(iso(nextDue({ cron, timezone }, new Date(now)))).to.equal(iso(new Date(next)));
    });
  }

  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'America/Havana', 'Asia/Beirut'];
  for (const timezone of [...zones, 'Australia/Lord_Howe', 'Antarctica/Troll', 'Africa/Cairo']) {
    it(`every night of a year has one due time in ${timezone}, the same forwards and backwards`, () => {
      for (const cron of ['0 0 * * *', '30 2 * * *']) {
        const forwards: number[] = [];
        let after = new Date('2026-01-01T12:00:00Z');
        for (let day = 0; day < 365; day += 1) {
          after = nextDue({ cron, timezone }, after) as Date;
          forwards.push(after.getTime());
        }
        const backwards: number[] = [];
        let upTo = after;
        for (let day = 0; day < 365; day += 1) {
          const due = newestDue({ cron, timezone, since: EVER }, upTo) as Date;
          backwards.unshift(due.getTime());
          upTo = new Date(due.getTime() - 1);
        }
        expect(backwards).to.deep.equal(forwards);
        const days = new Set(forwards.map((due) => new Date(wallTimeAt(due, timezone)).toDateString()));
        expect(days.size).to.equal(365);
      }
    });
  }

  it('are nobody’s before the schedule was what it is, and there are none when it is off', () => {
    const daily = { cron: '0 2 * * *', timezone: 'UTC' };
    const now = new Date('2026-01-05T12:00:00Z');
    expect(newestDue({ ...daily, since: new Date('2026-01-05T02:00:00Z') }, now)).to.equal(null);
    expect(newestDue({ ...daily, since: new Date('2026-01-05T01:59:59Z') }, now)).to.not.equal(null);
    expect(newestDue({ ...daily, cron: null, since: EVER }, now)).to.equal(null);
    expect(nextDue({ ...daily, cron: null }, now)).to.equal(null);
  });

  it('are late after two minutes', () => {
    const due = new Date('2026-01-05T02:00:00Z');
    expect(isLate(due, new Date('2026-01-05T02:02:00Z'))).to.equal(false);
    expect(isLate(due, new Date('2026-01-05T02:02:00.001Z'))).to.equal(true);
    expect(isLate(due, new Date('2026-01-05T01:59:50Z'))).to.equal(false);
  });
});

describe('wall time', () => {
  it('and instants keep their order, whatever clocks do', () => {
    const start = Date.UTC(2026, 9, 24);
    let before = 0;
    for (let wall = start; wall < start + 72 * 3_600_000; wall += 600_000) {
      const instant = instantOf(wall, 'Europe/Berlin');
      expect(instant).to.be.at.least(before);
      expect(wallTimeAt(instant, 'Europe/Berlin')).to.equal(wall);
      before = instant;
    }
  });
});
