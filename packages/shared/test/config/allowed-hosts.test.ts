import { expect } from 'chai';
import { isAllowedHost } from '../../src/config/allowed-hosts.js';

describe('NOTIFY_ALLOWED_HOSTS', () => {
  const cases: readonly [url: string, allowed: string, expected: boolean][] = [
    ['https://hooks.lan/x', 'hooks.lan', true],
    ['https://hooks.lan:8443/x', 'hooks.lan', true],
    ['https://hooks.lan:8443/x', 'hooks.lan:8443', true],
    ['https://hooks.lan:8443/x', 'hooks.lan:443', false],
    ['https://hooks.lan/x', 'hooks.lan:443', true],
    ['https://hooks.lan:443/x', 'hooks.lan:443', true],
    ['http://hooks.lan/x', 'hooks.lan:80', true],
    ['http://hooks.lan/x', 'hooks.lan:443', false],
    ['smtp://me:p@Mail.LAN', 'mail.lan:587', true],
    ['smtps://mail.lan', 'mail.lan:465', true],
    ['smtp://mail.lan:25', 'mail.lan:587', false],
    ['https://[::1]/x', '[::1]:443', true],
    ['https://hooks.lan.evil.example/x', 'hooks.lan', false],
    ['https://hooks.lan@evil.example/x', 'hooks.lan', false],
  ];
  for (const [url, allowed, expected] of cases) {
    it(`${allowed} ${expected ? 'lets' : 'does not let'} ${url} pass`, () =>
      expect(isAllowedHost(new URL(url), [allowed])).to.equal(expected));
  }
});
