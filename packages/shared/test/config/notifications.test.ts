import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { loadConfig } from '../../src/config/load.js';
import { channelsOf, configuredChannels } from '../../src/notify/channels.js';
import { goodVariables, mistakes } from './variables.js';

type Variables = Record<string, string>;

const SMTP = {
  SMTP_URL: 'smtp://me:p-secret@mail.example:587',
  SMTP_FROM: 'safe@clinic.example',
  SMTP_TO: 'a@clinic.example, b@clinic.example',
};
const WEBHOOK = {
  WEBHOOK_URL: 'https://hooks.example/p-secret',
  WEBHOOK_SECRET: randomBytes(48).toString('base64'),
};

function channels(variables: Variables) {
  return channelsOf(loadConfig({ ...goodVariables(), ...variables }, 'cli'));
}

const MISTAKEN: [promise: string, variables: Variables, found: RegExp[]][] = [
  [
    'a mail server without recipients',
    { SMTP_URL: SMTP.SMTP_URL, SMTP_FROM: SMTP.SMTP_FROM },
    [/^SMTP_TO is missing, and SMTP_URL/],
  ],
  [
    'a mail server without a sender',
    { SMTP_URL: SMTP.SMTP_URL, SMTP_TO: SMTP.SMTP_TO },
    [/^SMTP_FROM is missing/],
  ],
  ['recipients without a mail server', { SMTP_TO: SMTP.SMTP_TO }, [/^SMTP_URL is missing, and SMTP_TO/]],
  ['a webhook that nobody could trust', { WEBHOOK_URL: WEBHOOK.WEBHOOK_URL }, [/^WEBHOOK_SECRET is missing/]],
  ['a secret without a webhook', { WEBHOOK_SECRET: WEBHOOK.WEBHOOK_SECRET }, [/^WEBHOOK_URL is missing/]],
  [
    'a secret that can be guessed',
    { ...WEBHOOK, WEBHOOK_SECRET: 'x'.repeat(40) },
    [/^WEBHOOK_SECRET: the secret is weak/],
  ],
  ['no URL of a mail server', { ...SMTP, SMTP_URL: 'mail.example:587' }, [/^SMTP_URL: it needs smtp:/]],
  [
    'a password that is not %-encoded',
    { ...SMTP, SMTP_URL: 'smtp://me:100%-secret@mail.example' },
    [/^SMTP_URL: it needs smtp:/],
  ],
  [
    'no mail address',
    { ...SMTP, SMTP_TO: 'a@clinic.example, everybody' },
    [/^SMTP_TO: it needs a mail address/],
  ],
  ['an empty recipient', { ...SMTP, SMTP_TO: 'a@clinic.example,' }, [/^SMTP_TO: /]],
  ['a sender with a header in it', { ...SMTP, SMTP_FROM: 'a@b.example\nBcc: c@d.example' }, [/^SMTP_FROM: /]],
  [
    'a webhook without TLS',
    { SLACK_WEBHOOK_URL: 'http://hooks.example/p-secret' },
    [/^SLACK_WEBHOOK_URL must start with https/],
  ],
  [
    'another host on the list',
    { HEARTBEAT_URL: 'http://a.example/', NOTIFY_ALLOWED_HOSTS: 'b.example' },
    [/^HEARTBEAT_URL must/],
  ],
  [
    'another port on the list',
    { HEARTBEAT_URL: 'http://a.example:81/', NOTIFY_ALLOWED_HOSTS: 'a.example:80' },
    [/^HEARTBEAT_URL must/],
  ],
  ['no URL', { HEARTBEAT_URL: 'p-secret' }, [/^HEARTBEAT_URL: it needs https:/]],
  [
    'a URL on the list of hosts',
    { NOTIFY_ALLOWED_HOSTS: 'https://a.example' },
    [/^NOTIFY_ALLOWED_HOSTS: it needs host/],
  ],
  [
    'several mistakes',
    { SMTP_FROM: 'x', SLACK_WEBHOOK_URL: 'ftp://a/' },
    [/^SMTP_FROM: /, /^SLACK_WEBHOOK_URL: /, /^SMTP_URL is missing/],
  ],
];

describe('the configuration of notifications', () => {
  for (const [promise, variables, found] of MISTAKEN) {
    it(`is refused with ${promise}, in every process and without quoting it`, () => {
      for (const role of ['api', 'worker', 'cli'] as const) {
        const reported = mistakes({ ...goodVariables(), ...variables }, role);
        expect(reported, role).to.have.length(found.length);
        for (const pattern of found)
          expect(
            reported.some((line) => pattern.test(line)),
            `${pattern}`,
          ).to.equal(true);
        expect(reported.join()).to.not.contain('secret@').and.not.contain('p-secret');
      }
    });
  }

  it('is none by default', () => {
    expect(configuredChannels(channels({}))).to.deep.equal([]);
  });

  it('makes a channel of each part', () => {
    expect(configuredChannels(channels(SMTP))).to.deep.equal(['smtp']);
    expect(configuredChannels(channels(WEBHOOK))).to.deep.equal(['webhook']);
    expect(configuredChannels(channels({ SLACK_WEBHOOK_URL: 'https://hooks.example/' }))).to.deep.equal([
      'slack',
    ]);
    expect(configuredChannels(channels({ HEARTBEAT_URL: 'https://hc.example/' }))).to.deep.equal([
      'heartbeat',
    ]);
    expect(channels(SMTP).smtp).to.deep.include({ to: ['a@clinic.example', 'b@clinic.example'] });
  });

  it('lets hosts on the list be reached over http, by host or by host and port', () => {
    for (const hosts of ['a.example', 'A.example:8080', 'b.example, a.example']) {
      const given = { HEARTBEAT_URL: 'http://a.example:8080/x', NOTIFY_ALLOWED_HOSTS: hosts };
      expect(configuredChannels(channels(given)), hosts).to.deep.equal(['heartbeat']);
    }
    expect(channels({ NOTIFY_ALLOWED_HOSTS: '[::1]:9, A.b' }).allowedHosts).to.deep.equal(['[::1]:9', 'a.b']);
  });
});
