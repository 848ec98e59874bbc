import { createHmac, randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { Secret } from '../../src/config/secret.js';
import type { Channel } from '../../src/contracts/notification.js';
import type { Channels } from '../../src/notify/channels.js';
import type { Occasion } from '../../src/notify/message.js';
import { isPrivateAddress } from '../../src/notify/private-address.js';
import { send } from '../../src/notify/send.js';
import { Undelivered } from '../../src/notify/undelivered.js';
import { sendWebRequest } from '../../src/notify/web-request.js';
import { type MailReceiver, receiveMail, receiveWeb, type WebReceiver } from './receivers.js';

const NONE: Channels = { smtp: null, webhook: null, slack: null, heartbeat: null, allowedHosts: [] };
const ALLOWED = ['127.0.0.1'];

const test = (): Occasion => ({
  id: randomUUID(),
  event: 'test',
  createdAt: new Date(),
  alert: null,
  backup: null,
});
const raised = (message: string): Occasion => ({
  ...test(),
  event: 'raised',
  alert: {
    id: randomUUID(),
    rule: 'disk-low',
    severity: 'critical',
    source: 'main',
    subject: '',
    message,
    detail: {},
    raisedAt: new Date(),
    updatedAt: new Date(),
    resolvedAt: null,
    acknowledgedAt: null,
    acknowledgedBy: null,
  },
});

/** Why the message was not taken. */
async function refusal(work: Promise<void>): Promise<string> {
  try {
    await work;
  } catch (error) {
    expect(error).to.be.instanceOf(Undelivered);
    return (error as Undelivered).reason;
  }
  throw new Error('it was taken');
}

describe('a notification', () => {
  let web: WebReceiver;
  let mail: MailReceiver;
  before(async () => {
    [web, mail] = await Promise.all([receiveWeb(), receiveMail()]);
  });
  beforeEach(() => {
    web.answer = { status: 200 };
    web.received.length = 0;
    mail.received.length = 0;
    mail.refuses = false;
  });
  after(() => Promise.all([web.close(), mail.close()]));

  const smtp = (url: string) => ({
    url: new Secret(url),
    from: 'safe@clinic.example',
    to: ['a@x.example', 'b@x.example'],
  });

  it('goes to the webhook with an id, a time and a signature over time and body', async () => {
    const secret = new Secret('webhook-secret');
    const occasion = raised('It is full.');
    const channels = { ...NONE, webhook: { url: new Secret(web.url), secret }, allowedHosts: ALLOWED };
    await send(channels, 'webhook', occasion);
    const [request] = web.received;
    const { headers, body = '' } = request ?? {};
    expect(request).to.include({ method: 'POST', path: '/hook' });
    expect(headers).to.include({ 'content-type': 'application/json', 'x-safekeep-id': occasion.id });
    const timestamp = String(headers?.['x-safekeep-timestamp']);
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).to.be.lessThan(60);
    const expected = createHmac('sha256', 'webhook-secret').update(`${timestamp}.${body}`).digest('hex');
    expect(headers?.['x-safekeep-signature']).to.equal(`sha256=${expected}`);
    const parsed = JSON.parse(body);
    expect(parsed).to.include({ id: occasion.id, event: 'raised' });
    expect(parsed.alert).to.include({ rule: 'disk-low', severity: 'critical', message: 'It is full.' });
  });

  it('goes to Slack as text that makes no links and no mentions', async () => {
    const channels = { ...NONE, slack: { url: new Secret(web.url) }, allowedHosts: ALLOWED };
    await send(channels, 'slack', raised('<!channel> & <https://x>'));
    expect(JSON.parse(web.received[0]?.body ?? '').text).to.contain(
      '&lt;!channel&gt; &amp; &lt;https://x&gt;',
    );
  });

  it('is a GET for the heartbeat', async () => {
    await send(
      { ...NONE, heartbeat: { url: new Secret(web.url) }, allowedHosts: ALLOWED },
      'heartbeat',
      test(),
    );
    expect(web.received[0]).to.include({ method: 'GET', body: '' });
  });

  it('goes by mail to every recipient, with the password where the host is on the list', async () => {
    const url = `smtp://me:p%40ss@127.0.0.1:${mail.port}`;
    await send({ ...NONE, smtp: smtp(url), allowedHosts: ALLOWED }, 'smtp', raised('It is full.'));
    expect(mail.received[0]).to.deep.include({
      from: 'safe@clinic.example',
      to: ['a@x.example', 'b@x.example'],
      user: 'me',
    });
    expect(mail.received[0]?.text).to.match(/^Subject: \[Safekeep\] CRITICAL: disk-low \(main\)/m);
    expect(mail.received[0]?.text).to.contain('It is full.');
  });

  it('gives a password to no mail server without TLS that is not on the list', async () => {
    const reason = await refusal(
      send({ ...NONE, smtp: smtp(`smtp://me:secret@127.0.0.1:${mail.port}`) }, 'smtp', test()),
    );
    expect(reason).to.match(/mail server/);
    expect(mail.received).to.deep.equal([]);
  });

  it('that a mail server refuses names its code, and nothing that the server said', async () => {
    mail.refuses = true;
    const reason = await refusal(
      send({ ...NONE, smtp: smtp(`smtp://127.0.0.1:${mail.port}`) }, 'smtp', test()),
    );
    expect(reason).to.equal('the mail server refused with SMTP code 550');
  });

  for (const status of [404, 410, 429, 500]) {
    it(`that is answered with ${status} is not delivered`, async () => {
      web.answer = { status };
      const channels = { ...NONE, slack: { url: new Secret(web.url) }, allowedHosts: ALLOWED };
      expect(await refusal(send(channels, 'slack', test()))).to.equal(`it answered HTTP ${status}`);
    });
  }

  it('follows no redirect', async () => {
    web.answer = { status: 302, headers: { Location: `http://127.0.0.1:${web.port}/inside` } };
    const channels = { ...NONE, slack: { url: new Secret(web.url) }, allowedHosts: ALLOWED };
    expect(await refusal(send(channels, 'slack', test()))).to.equal('it answered with a redirect (HTTP 302)');
    expect(web.received).to.have.length(1);
  });

  it('reads of a long answer only its beginning', async () => {
    web.answer = { status: 200, body: 'x'.repeat(5_000_000) };
    const channels = { ...NONE, slack: { url: new Secret(web.url) }, allowedHosts: ALLOWED };
    await send(channels, 'slack', test());
  });

  it('goes to no private address, however it is written, unless its host is on the list', async () => {
    const { port } = web;
    const urls = [
      `https://127.0.0.1:${port}/`,
      `https://localhost:${port}/`,
      `https://[::1]:${port}/`,
      `https://[::ffff:127.0.0.1]:${port}/`,
      `https://2130706433:${port}/`,
      `https://0x7f.1:${port}/`,
      'https://169.254.169.254/latest/meta-data/',
    ];
    for (const url of urls) {
      const reason = await refusal(
        sendWebRequest({ url: new Secret(url), method: 'GET', headers: {}, body: '' }, ['other.example']),
      );
      expect(reason, url).to.equal('its host has a private address and is not in NOTIFY_ALLOWED_HOSTS');
    }
    expect(web.received).to.deep.equal([]);
  });

  it('goes to a host on the list by host, or by host and port, and by no other port', async () => {
    const wanted = { url: new Secret(web.url), method: 'GET', headers: {}, body: '' } as const;
    await sendWebRequest(wanted, [`127.0.0.1:${web.port}`]);
    expect(await refusal(sendWebRequest(wanted, ['127.0.0.1:1']))).to.equal('it is not https');
    expect(web.received).to.have.length(1);
  });

  it('names neither URL nor host when nobody is there', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const wanted = {
      url: new Secret(`http://127.0.0.1:${port}/T0/SECRET`),
      method: 'GET',
      headers: {},
      body: '',
    } as const;
    expect(await refusal(sendWebRequest(wanted, ALLOWED))).to.equal('the connection failed: ECONNREFUSED');
    const unknown = { ...wanted, url: new Secret('https://nowhere.invalid/SECRET') };
    expect(await refusal(sendWebRequest(unknown, []))).to.match(/^the connection failed: E\w+$/);
  });

  it('to a channel without settings says so', async () => {
    for (const channel of ['smtp', 'webhook', 'slack', 'heartbeat'] as Channel[]) {
      expect(await refusal(send(NONE, channel, test()))).to.match(/no settings for it/);
    }
  });
});

describe('an address', () => {
  const PRIVATE = [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
  ];
  const PRIVATE_6 = ['::1', '::', 'fe80::1', 'fd00::1', '::ffff:8.8.8.8', '64:ff9b::7f00:1', '2002:7f00:1::'];
  const PUBLIC = ['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '2a00:1450::1'];
  for (const address of [...PRIVATE, ...PRIVATE_6]) {
    it(`${address} is private`, () => expect(isPrivateAddress(address)).to.equal(true));
  }
  for (const address of PUBLIC) {
    it(`${address} is not`, () => expect(isPrivateAddress(address)).to.equal(false));
  }
});
