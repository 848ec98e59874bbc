import { expect } from 'chai';
import type { Alert } from '../../src/contracts/alert.js';
import type { WantedAlert } from '../../src/policy/alert-rules/wanted-alert.js';
import { compareAlerts } from '../../src/policy/compare-alerts.js';
import { type NotificationFacts, planNotifications, type Told } from '../../src/policy/plan-notifications.js';
import { ago, NOW } from './alert-facts.js';

const alert = (changes: Partial<Alert> = {}): Alert => ({
  id: 'a1',
  rule: 'disk-low',
  severity: 'warning',
  source: 'main',
  subject: '',
  message: 'm',
  detail: { free: 1 },
  raisedAt: ago(1, 'h'),
  updatedAt: ago(1, 'h'),
  resolvedAt: null,
  acknowledgedAt: null,
  acknowledgedBy: null,
  ...changes,
});
const wanted = (changes: Partial<WantedAlert> = {}): WantedAlert => ({
  rule: 'disk-low',
  severity: 'warning',
  source: 'main',
  subject: '',
  message: 'm',
  detail: { free: 1 },
  ...changes,
});

describe('open alerts beside wanted ones', () => {
  const compare = (open: Alert[], all: WantedAlert[]) => {
    const { raise, update, resolve } = compareAlerts(open, all);
    return [raise.length, update.length, resolve.length];
  };

  it('are raised once, left alone while nothing changes, and resolved when nobody wants them', () => {
    expect(compare([], [wanted()])).to.deep.equal([1, 0, 0]);
    expect(compare([alert()], [wanted()])).to.deep.equal([0, 0, 0]);
    expect(compare([alert()], [])).to.deep.equal([0, 0, 1]);
  });

  it('are updated when message, severity or detail change', () => {
    for (const change of [{ message: 'n' }, { severity: 'critical' as const }, { detail: { free: 2 } }]) {
      expect(compare([alert()], [wanted(change)])).to.deep.equal([0, 1, 0]);
    }
  });

  it('are told apart by rule, source and subject', () => {
    for (const change of [
      { rule: 'backup-failed' as const },
      { source: null },
      { source: 'lab' },
      { subject: 'x' },
    ]) {
      expect(compare([alert()], [wanted(change)])).to.deep.equal([1, 0, 1]);
    }
  });

  it('are one, though it is wanted twice', () => {
    expect(compare([], [wanted(), wanted()])).to.deep.equal([1, 0, 0]);
  });
});

const told = (changes: Partial<Told> = {}): Told => ({
  alertId: 'a1',
  channel: 'smtp',
  event: 'raised',
  status: 'sent',
  createdAt: ago(1, 'h'),
  subject: null,
  severity: 'warning',
  ...changes,
});

type Case = [promise: string, facts: Partial<NotificationFacts>, planned: string[]];

const critical = alert({ severity: 'critical' });
const over = alert({ resolvedAt: ago(1, 'min') });
const seen = { acknowledgedAt: ago(1, 'min') };
const heartbeat = { channels: ['heartbeat' as const] };

const CASES: Case[] = [
  ['a warning is told', { open: [alert()] }, ['smtp raised a1']],
  ['information is not', { open: [alert({ severity: 'info' })] }, []],
  [
    'each channel is told, but the heartbeat is none for words',
    { open: [alert()], channels: ['smtp', 'slack', 'heartbeat'], workerLives: false },
    ['smtp raised a1', 'slack raised a1'],
  ],
  ['what was told is not told again', { open: [alert()], told: [told()] }, []],
  ['nor what is on its way', { open: [alert()], told: [told({ status: 'queued' })] }, []],
  ['what has become graver is told again', { open: [critical], told: [told()] }, ['smtp raised a1']],
  ['what has become milder is not', { open: [alert()], told: [told({ severity: 'critical' })] }, []],
  [
    'what failed is told again after an hour',
    { open: [alert()], told: [told({ status: 'failed' })] },
    ['smtp raised a1'],
  ],
  ['and not before', { open: [alert()], told: [told({ status: 'failed', createdAt: ago(59, 'min') })] }, []],
  [
    'a channel that is new is told what is open',
    { open: [alert()], channels: ['slack'], told: [told()] },
    ['slack raised a1'],
  ],
  ['what was seen is not told again', { open: [alert(seen)], told: [told({ status: 'failed' })] }, []],
  [
    'unless it has become graver',
    { open: [alert({ ...seen, severity: 'critical' })], told: [told()] },
    ['smtp raised a1'],
  ],
  ['what was seen before it was told is not told', { open: [alert(seen)] }, []],
  ['its end is told', { resolved: [over], told: [told()] }, ['smtp resolved a1']],
  ['once', { resolved: [over], told: [told(), told({ event: 'resolved' })] }, []],
  [
    'and to nobody who did not hear of its beginning',
    { resolved: [over], told: [told({ status: 'failed' })] },
    [],
  ],
  ['a success', { completed: [{ id: 'b1' }] }, ['smtp success b1']],
  [
    'once',
    { completed: [{ id: 'b1' }], told: [told({ alertId: null, event: 'success', subject: 'b1' })] },
    [],
  ],
  ['no channel, no message', { channels: [], open: [alert()], completed: [{ id: 'b1' }] }, []],
  ['a sign of life', heartbeat, ['heartbeat heartbeat -']],
  ['not without a worker', { ...heartbeat, workerLives: false }, []],
  ['not while something critical is open', { ...heartbeat, open: [critical] }, []],
  [
    'but when somebody has seen it',
    { ...heartbeat, open: [alert({ ...seen, severity: 'critical' })] },
    ['heartbeat heartbeat -'],
  ],
  ['and during a warning', { ...heartbeat, open: [alert()] }, ['heartbeat heartbeat -']],
  ['every five minutes', { ...heartbeat, lastHeartbeatAt: ago(5, 'min') }, ['heartbeat heartbeat -']],
  ['and not more often', { ...heartbeat, lastHeartbeatAt: ago(299, 's') }, []],
];

describe('what is told', () => {
  for (const [promise, facts, planned] of CASES) {
    it(`${promise}: ${planned.join(', ') || 'nothing'}`, () => {
      const all: NotificationFacts = {
        now: NOW,
        channels: ['smtp'],
        open: [],
        resolved: [],
        told: [],
        completed: [],
        lastHeartbeatAt: null,
        workerLives: true,
        ...facts,
      };
      const found = planNotifications(all).map(
        ({ channel, event, alertId, subject }) => `${channel} ${event} ${alertId ?? subject ?? '-'}`,
      );
      expect(found).to.deep.equal(planned);
    });
  }
});
