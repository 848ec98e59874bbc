import { createHmac } from 'node:crypto';
import type { ReceivedRequest } from '../../../packages/shared/test/notify/receivers.js';
import { eventsAfterSuccess, testMessages } from './messages.js';
import { type OptionRows, strongSecret } from './option.js';
import type { World } from './world.js';

/** Who is told, and of what. */
export function notificationsOptions(world: World) {
  const { mails, web } = world;
  const hookSecrets = [strongSecret(), strongSecret()] as const;
  return {
    SMTP_URL: {
      values: [`smtp://127.0.0.1:${mails[0].port}`, `smtp://127.0.0.1:${mails[1].port}`],
      look: async (installation) =>
        (await testMessages(world, installation)).mails.map(({ server }) => server),
      sees: [[0], [1]],
    },
    SMTP_FROM: {
      values: ['first@safekeep.example', 'second@safekeep.example'],
      look: async (installation) => (await testMessages(world, installation)).mails.map(({ from }) => from),
      sees: [['first@safekeep.example'], ['second@safekeep.example']],
    },
    SMTP_TO: {
      values: ['one@clinic.example', 'two@clinic.example,three@clinic.example'],
      look: async (installation) => (await testMessages(world, installation)).mails.map(({ to }) => to),
      sees: [[['one@clinic.example']], [['two@clinic.example', 'three@clinic.example']]],
    },
    WEBHOOK_URL: {
      values: [`${web.url}/first-webhook`, `${web.url}/second-webhook`],
      look: async (installation) => {
        const { requests } = await testMessages(world, installation);
        return requests.map(({ path }) => path).filter((path) => path.endsWith('webhook'));
      },
      sees: [['/hook/first-webhook'], ['/hook/second-webhook']],
    },
    WEBHOOK_SECRET: {
      values: hookSecrets,
      look: async (installation) => {
        const { requests } = await testMessages(world, installation);
        const signed = requests.find(({ headers }) => 'x-safekeep-signature' in headers);
        return hookSecrets.map((value) => signed !== undefined && isSignedWith(value, signed));
      },
      sees: [
        [true, false],
        [false, true],
      ],
    },
    SLACK_WEBHOOK_URL: {
      values: [`${web.url}/first-slack`, `${web.url}/second-slack`],
      look: async (installation) => {
        const { requests } = await testMessages(world, installation);
        return requests.map(({ path }) => path).filter((path) => path.endsWith('slack'));
      },
      sees: [['/hook/first-slack'], ['/hook/second-slack']],
    },
    HEARTBEAT_URL: {
      values: [undefined, `${web.url}/heart`],
      look: async (installation) => {
        const { channels } = await testMessages(world, installation);
        return channels.includes('heartbeat') && web.received.some(({ path }) => path === '/hook/heart');
      },
      sees: [false, true],
    },
    NOTIFY_ALLOWED_HOSTS: {
      values: ['127.0.0.1', '127.0.0.1,hooks.example'],
      // The same command, with the same URL of a host that one of the two allows.
      look: (installation) => installation.cli(['alerts'], { SLACK_WEBHOOK_URL: 'http://hooks.example/x' }),
      sees: [3, 0],
    },
    NOTIFY_ON_SUCCESS: {
      values: ['off', 'on'],
      look: async (installation) => (await eventsAfterSuccess(world, installation)).includes('success'),
      sees: [false, true],
    },
  } as const satisfies OptionRows;
}

function isSignedWith(key: string, { headers, body }: ReceivedRequest): boolean {
  const signature = createHmac('sha256', key)
    .update(`${headers['x-safekeep-timestamp']}.${body}`)
    .digest('hex');
  return headers['x-safekeep-signature'] === `sha256=${signature}`;
}
