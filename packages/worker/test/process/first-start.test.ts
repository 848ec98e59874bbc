import { expect } from 'chai';
import { openWorld, type World } from './world.js';

describe('a history database without tables', () => {
  let world: World;

  before(async () => {
    world = await openWorld('first-start');
  });
  after(() => world?.close());

  it('before the first worker or API has started, the command line says what to do', async () => {
    const ended = await world.cli(['list']);
    expect(ended.code).to.equal(4);
    expect(ended.stderr)
      .to.contain('no tables of Safekeep yet')
      .and.contain('Start the API or a worker once');
  });

  it('a history role that may not make tables is told which right it lacks', async () => {
    await world.sql('postgres', `CREATE ROLE poor LOGIN PASSWORD 'poor-password'`);
    const url = world.postgres.url('history').replace(/\/\/[^@]*@/, '//poor:poor-password@');
    const worker = await world.startWorker({ HISTORY_DATABASE_URL: url });
    expect(await worker.ended()).to.equal(3);
    expect(worker.log()).to.contain('42501').and.contain('GRANT CREATE ON SCHEMA public');
  });
});
