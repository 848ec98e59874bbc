import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Progress } from '@safekeep/shared/contracts/backup';
import { expect } from 'chai';
import { openDisplay, type ProgressDisplay } from '../../src/cli/progress-display.js';

const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';

const at = (percent: number, more: Partial<Progress> = {}): Progress => ({
  phase: 'data',
  percent,
  doneBytes: percent * 10_000,
  totalBytes: 1_000_000,
  writtenBytes: 1_000,
  bytesPerSecond: 20_000,
  secondsLeft: 42,
  table: null,
  ...more,
});

/** What is written to a stream that is, or is not, a terminal. */
function written(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
  const stream = new PassThrough();
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const terminal = {
    isTTY,
    columns: 120,
    rows: 25,
    cursorTo: () => true,
    clearLine: () => true,
    moveCursor: () => true,
  };
  return { stream: Object.assign(stream, terminal) as unknown as NodeJS.WriteStream, text: () => text };
}

describe('progress where output is no terminal', () => {
  it('is a plain line for each tenth, however often it is looked at', async () => {
    const { stream, text } = written(false);
    const display = openDisplay(stream);
    for (let percent = 0; percent <= 99; percent += 0.5) display.show(at(percent));
    display.show(null);
    display.close();
    const lines = text().trimEnd().split('\n');
    expect(lines).to.have.length(10);
    expect(lines[0]).to.equal('  0.0 %  data: 0 B of 1.0 MB, 20.0 kB/s, about 42 s left');
    expect(lines[9]).to.match(/^ 90\.0 % {2}data: 900\.0 kB of 1\.0 MB/);
    expect(text(), 'no control character but the newline').to.not.match(/[^\P{Cc}\n]/u);
  });

  it('says nothing while a second attempt catches up with the first', () => {
    const { stream, text } = written(false);
    const display = openDisplay(stream);
    for (const percent of [55, 3, 12, 60]) display.show(at(percent));
    expect(text().trimEnd().split('\n')).to.have.length(2);
  });

  it('leaves out the time that nobody knows, and says what is told in a line of its own', () => {
    const { stream, text } = written(false);
    const display = openDisplay(stream);
    display.show(at(0, { phase: 'schema', secondsLeft: null }));
    display.say('waits for its turn');
    expect(text()).to.equal('  0.0 %  schema: 0 B of 1.0 MB, 20.0 kB/s\nwaits for its turn\n');
  });
});

describe('progress on a terminal', () => {
  let display: ProgressDisplay;
  let text: () => string;

  beforeEach(() => {
    const terminal = written(true);
    text = terminal.text;
    display = openDisplay(terminal.stream);
  });
  // A bar that is not closed draws for ever.
  afterEach(() => display.close());

  it('is a bar with the figures of now, which is cleared at the end', async () => {
    display.show(null);
    expect(text(), 'nothing before there is something').to.equal('');
    display.show(at(50));
    display.show(at(75.5));
    while (!text().includes('75.5 %')) await delay(10);
    expect(text()).to.contain('█').and.contain(HIDE_CURSOR).and.contain('data: 755.0 kB of 1.0 MB');
    expect(text()).to.not.contain(SHOW_CURSOR);
    display.close();
    expect(text()).to.contain(SHOW_CURSOR);
  });

  it('gives way to a line that is said, and comes back', () => {
    display.show(at(50));
    display.say('waits for its turn');
    expect(text().lastIndexOf(SHOW_CURSOR)).to.be.greaterThan(text().lastIndexOf(HIDE_CURSOR));
    expect(text()).to.match(/waits for its turn\n$/);
    display.show(at(60));
    expect(text().lastIndexOf(HIDE_CURSOR)).to.be.greaterThan(text().indexOf('waits for its turn'));
  });
});
