import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Installation } from './installation.js';
import { type OptionRows, strongSecret } from './option.js';
import type { World } from './world.js';

/** Who reaches the API, and what is logged. */
export function apiOptions(world: World) {
  const { ports } = world;
  const passwords = [strongSecret(), strongSecret()] as const;
  const signing = [strongSecret(), strongSecret()] as const;
  const metricsToken = strongSecret();
  const logFile = join(world.folder, 'first.log');
  return {
    HOST: {
      values: ['127.0.0.2', '127.0.0.3'],
      look: (installation) => {
        const url = (host: string) => `http://${host}:${installation.value('PORT')}/health/live`;
        return Promise.all(['127.0.0.2', '127.0.0.3'].map((host) => installation.answers(url(host))));
      },
      sees: [
        [200, null],
        [null, 200],
      ],
    },
    PORT: {
      values: [String(ports[0]), String(ports[1])],
      look: (installation) => {
        const url = (port: number) => `http://${installation.value('HOST')}:${port}/health/live`;
        return Promise.all(ports.map((port) => installation.answers(url(port))));
      },
      sees: [
        [200, null],
        [null, 200],
      ],
    },
    TRUST_PROXY: {
      values: ['off', '1'],
      look: async (installation) => {
        const [name, password] = [installation.value('ADMIN_USERNAME'), installation.value('ADMIN_PASSWORD')];
        await installation.logIn(name, password, { 'X-Forwarded-For': '203.0.113.9' });
        const [event] = await world.sql<{ address: string }>(
          installation.history,
          `SELECT address FROM audit_events WHERE action = 'login' ORDER BY seq DESC LIMIT 1`,
        );
        return event?.address;
      },
      sees: ['127.0.0.1', '203.0.113.9'],
    },
    JWT_SECRET: {
      values: signing,
      look: (installation) => Promise.all(signing.map((value) => tokenSignedWith(installation, value))),
      sees: [
        [200, 401],
        [401, 200],
      ],
    },
    ADMIN_USERNAME: {
      values: ['admin', 'chief'],
      look: async (installation) => {
        const password = installation.value('ADMIN_PASSWORD');
        return Promise.all(
          ['admin', 'chief'].map(async (name) => (await installation.logIn(name, password)).status),
        );
      },
      sees: [
        [200, 401],
        [401, 200],
      ],
    },
    ADMIN_PASSWORD: {
      values: passwords,
      look: async (installation) => {
        const name = installation.value('ADMIN_USERNAME');
        return Promise.all(
          passwords.map(async (password) => (await installation.logIn(name, password)).status),
        );
      },
      sees: [
        [200, 401],
        [401, 200],
      ],
    },
    METRICS_TOKEN: {
      values: [undefined, metricsToken],
      look: async (installation) => {
        const url = installation.url('/backup/monitoring/metrics');
        return [
          await installation.answers(url),
          await installation.answers(url, { Authorization: `Bearer ${metricsToken}` }),
        ];
      },
      sees: [
        [200, 200],
        [401, 200],
      ],
    },
    LOG_LEVEL: {
      values: ['debug', 'warn'],
      look: async ({ log }) => ['debug', 'info'].filter((level) => log.includes(`"level":"${level}"`)),
      sees: [['debug', 'info'], []],
    },
    LOG_FILE: {
      values: [logFile, undefined],
      look: async ({ log }) => {
        const written = new Set(readFileSync(logFile, 'utf8').split('\n'));
        const lines = log.split('\n').filter((line) => line !== '' && written.has(line));
        return ['api', 'worker'].filter((name) => lines.some((line) => line.includes(`"service":"${name}"`)));
      },
      sees: [['api', 'worker'], []],
    },
  } as const satisfies OptionRows;
}

/** The status that the installation's own token gets after a secret has signed it anew. */
async function tokenSignedWith(installation: Installation, secret: string): Promise<number | null> {
  const signed = installation.token.split('.').slice(0, 2).join('.');
  const signature = createHmac('sha256', secret).update(signed).digest('base64url');
  const headers = { Authorization: `Bearer ${signed}.${signature}` };
  return installation.answers(installation.url('/backup/history'), headers);
}
