import { expect } from 'chai';
import { Gate } from '../src/auth/gate.js';

/** Work that ends when it is told to. */
function work(gate: Gate, log: string[], name: string) {
  let finish = (_error?: Error) => {};
  const ended = gate.run(() => {
    log.push(name);
    return new Promise<void>((resolve, reject) => {
      finish = (error) => (error ? reject(error) : resolve());
    });
  });
  ended.catch(() => {});
  return { ended, finish: (error?: Error) => finish(error) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the gate before the password hashes', () => {
  it('lets as many through as it is wide, and the others in their order', async () => {
    const [gate, log]: [Gate, string[]] = [new Gate(2, 5), []];
    const [a, b] = [work(gate, log, 'a'), work(gate, log, 'b')];
    const [c, d] = [work(gate, log, 'c'), work(gate, log, 'd')];
    await settled();
    expect(log).to.deep.equal(['a', 'b']);
    b.finish();
    await settled();
    expect(log).to.deep.equal(['a', 'b', 'c']);
    for (const one of [a, c]) one.finish();
    await settled();
    d.finish();
    await Promise.all([a.ended, b.ended, c.ended, d.ended]);
  });

  it('refuses who finds the line full', async () => {
    const [gate, log]: [Gate, string[]] = [new Gate(1, 1), []];
    const [inside, waiting] = [work(gate, log, 'inside'), work(gate, log, 'waiting')];
    const error = await work(gate, log, 'late').ended.catch((reason: unknown) => reason);
    expect(error).to.include({ code: 'TOO_MANY_REQUESTS' });
    inside.finish();
    await settled();
    waiting.finish();
    await waiting.ended;
    expect(log).to.deep.equal(['inside', 'waiting']);
  });

  it('gives the place of failed work to the next', async () => {
    const [gate, log]: [Gate, string[]] = [new Gate(1, 1), []];
    const [failing, next] = [work(gate, log, 'failing'), work(gate, log, 'next')];
    failing.finish(new Error('failed'));
    await settled();
    next.finish();
    await next.ended;
    expect(log).to.deep.equal(['failing', 'next']);
  });
});
