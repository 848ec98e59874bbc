import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Secret } from '@safekeep/shared/config/secret';
import { expect } from 'chai';
import { connectReader } from '../../src/postgres/snapshot.js';

describe('connecting to a source', () => {
  it('ends with the reason of a stop while the server is silent', async () => {
    const silent = createServer(() => {});
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const stop = new AbortController();
    const url = new Secret(`postgres://nobody:none@127.0.0.1:${port}/none`);
    const connecting = connectReader({ name: 'main', url }, 5_000, stop.signal).catch(
      (error: unknown) => error,
    );
    await once(silent, 'connection');
    const reason = new Error('cancelled');
    stop.abort(reason);
    expect(await connecting).to.equal(reason);
    silent.close();
  });
});
