import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { Secret } from '@safekeep/shared/config/secret';
import { expect } from 'chai';
import type { Fingerprint } from '../../src/fingerprint/fingerprint.js';
import { fingerprintCopy } from '../../src/fingerprint/fingerprint-copy.js';
import { connectReader } from '../../src/postgres/snapshot.js';

describe('while a server is silent a stop ends, with its reason, connecting to', () => {
  let silent: Server;
  let url: Secret;
  before(async () => {
    silent = createServer(() => {});
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    url = new Secret(`postgres://nobody:none@127.0.0.1:${port}/none`);
  });
  after(() => silent?.close());

  const rows: [string, (signal: AbortSignal) => Promise<unknown>][] = [
    ['a source', (signal) => connectReader({ name: 'main', url }, 5_000, signal)],
    // What is expected is only looked at when the copy answers.
    ['a restored copy', (signal) => fingerprintCopy(url, {} as Fingerprint, null, signal)],
  ];
  for (const [what, connect] of rows) {
    it(what, async () => {
      const stop = new AbortController();
      const connecting = connect(stop.signal).catch((error: unknown) => error);
      await once(silent, 'connection');
      const reason = new Error('cancelled');
      stop.abort(reason);
      expect(await connecting).to.equal(reason);
    });
  }
});
