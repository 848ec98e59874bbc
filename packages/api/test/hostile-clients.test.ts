import { expect } from 'chai';
import { RawClient } from '../../../scripts/bench-api/raw-client.js';
import { as } from './people.js';
import { startTestApi, type TestApi } from './test-api.js';

const CLIENTS = 300;
const PIECE = Buffer.alloc(65_536, 'x');

/** More than the API may hold on to for all clients of a kind together, in bytes. */
const MUCH = 200e6;

describe('clients that mean harm', () => {
  let api: TestApi;
  let viewer: Record<string, string>;
  before(async () => {
    api = await startTestApi({ patience: { headers: 1_500, request: 3_000, interval: 100 } });
    viewer = await as(api, 'viewer');
  });
  after(() => api.close());

  /** How all of these clients ended, and how many requests of others were answered meanwhile. */
  async function meet(count: number, begin: (client: RawClient) => void) {
    const clients = Array.from({ length: count }, () => {
      const client = new RawClient(api.port);
      client.socket.once('connect', () => begin(client));
      return client;
    });
    let waiting = true;
    const ended = Promise.all(clients.map((client) => client.ended)).then((all) => {
      waiting = false;
      return [...new Set(all)];
    });
    let served = 0;
    while (waiting) {
      // A newcomer, as each of these is: an old connection would be served whatever happens to new ones.
      const headers = { ...viewer, Connection: 'close' };
      const answers = await Promise.all([
        fetch(`http://127.0.0.1:${api.port}/health/live`, { headers: { Connection: 'close' } }),
        fetch(`http://127.0.0.1:${api.port}/backup/history`, { headers }),
      ]);
      expect(answers.map(({ status }) => status)).to.deep.equal([200, 200]);
      await Promise.all(answers.map((answer) => answer.arrayBuffer()));
      served += 1;
    }
    expect(served, 'requests of others that were answered meanwhile').to.be.at.least(1);
    return ended;
  }

  const post = (length: string) =>
    `POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${length}\r\n\r\n`;

  it('are cut off while others are served: headers that drip', async () => {
    const endings = await meet(CLIENTS, (client) => {
      client.socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n');
      client.drip('X-Slow: 1\r\n', 100);
    });
    expect(endings).to.deep.equal(['408']);
  });

  it('are cut off while others are served: bodies that drip', async () => {
    const endings = await meet(CLIENTS, (client) => {
      client.socket.write(post('Content-Length: 1000'));
      client.drip(' ', 100);
    });
    expect(endings).to.deep.equal(['408']);
  });

  it('are cut off while others are served: connections that say nothing', async () => {
    expect(await meet(3 * CLIENTS, () => undefined)).to.deep.equal(['408']);
  });

  it('are cut off while others are served: connections half closed within their headers', async () => {
    const endings = await meet(CLIENTS, (client) => client.socket.end('GET /health/live HTTP/1.1\r\nHost'));
    expect(endings).to.deep.equal(['400']);
  });

  it('cannot make the API hold what they send: bodies that are too large, told or not', async () => {
    const before = process.memoryUsage().rss;
    for (const length of ['Content-Length: 1000000000', 'Transfer-Encoding: chunked']) {
      const piece = length.startsWith('Content')
        ? PIECE
        : Buffer.concat([Buffer.from('10000\r\n'), PIECE, Buffer.from('\r\n')]);
      const endings = await meet(20, (client) => {
        client.socket.write(post(length));
        client.pour(piece);
      });
      expect(endings, length).to.deep.equal(['413']);
    }
    expect(process.memoryUsage().rss - before).to.be.below(MUCH);
  });

  it('cannot make the API hold what they send: headers that are too large', async () => {
    const before = process.memoryUsage().rss;
    const endings = await meet(50, (client) => {
      client.socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Large: ');
      client.socket.write(Buffer.alloc(1_000_000, 'x'));
    });
    expect(endings).to.deep.equal(['431']);
    expect(process.memoryUsage().rss - before).to.be.below(MUCH);
  });

  it('cannot have hundreds of requests carried out at once', async () => {
    const request = 'GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n';
    expect(await meet(20, (client) => client.socket.write(request.repeat(500)))).to.deep.equal(['closed']);
  });

  it('may send the next request before they have the last answer', async () => {
    const request = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n';
    const client = new RawClient(api.port);
    client.socket.write(`${`${request}\r\n`.repeat(9)}${request}Connection: close\r\n\r\n`);
    expect(await client.ended).to.equal('200');
    expect(client.answers).to.equal(10);
  });

  it('leave no connection behind', async () => {
    const connections = () =>
      new Promise<number>((resolve, reject) => {
        api.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
      });
    while ((await connections()) > 0) api.server.closeIdleConnections();
  });
});
