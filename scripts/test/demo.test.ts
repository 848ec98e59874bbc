import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { scratchFolder } from '../services/scratch-folder.js';
import { DemoProcess } from './demo-process.js';

describe('the demo', function () {
  this.timeout(240_000);

  it('backs up, restores with stock tools, finds everything equal and leaves nothing running', async () => {
    const demo = await DemoProcess.start(['--once', '--size', '12MB']);
    expect(await demo.exitCode(), demo.output).to.equal(0);
    expect(demo.output)
      .to.match(/✓ completed in/)
      .and.match(/✓ the same/);
    expect(demo.output).to.match(/^ {2}patients +(\d[\d ]*\d) +\1 +✓ equal$/m);
    expect(demo.output).to.match(/✓ All \d+ are equal/);
    expect(demo.output).not.to.include('✗');
    expect(demo.descendants()).to.deep.equal([]);
    expect(readdirSync(demo.surroundings), 'written outside its folder').to.deep.equal([]);
    expect(readdirSync(join(demo.folder, 'backups')).filter((name) => name.endsWith('.meta'))).to.have.length(
      1,
    );
  });

  it('refuses a second run in its folder, and ends with all that it started on Ctrl-C', async () => {
    const first = await DemoProcess.start(['--size', '12MB']);
    await first.says('Safekeep runs until Ctrl-C');
    expect(first.descendants()).not.to.deep.equal([]);

    const second = await DemoProcess.start(['--once', '--size', '12MB'], first.folder);
    expect(await second.exitCode()).to.equal(1);
    expect(second.output).to.match(/Another run \(process \d+\) uses/);

    first.signal('SIGINT');
    expect(await first.exitCode(), first.output).to.equal(0);
    expect(first.descendants()).to.deep.equal([]);
  });

  it('ends with all that it started when it is stopped half-way', async () => {
    const demo = await DemoProcess.start(['--size', '24MB']);
    await demo.says('/backup/full');
    demo.signal('SIGTERM');
    expect(await demo.exitCode(), demo.output).to.equal(143);
    expect(demo.descendants()).to.deep.equal([]);
  });

  it('leaves a folder alone that it did not make', async () => {
    const folder = join(await scratchFolder('safekeep-demo-test'), 'home');
    mkdirSync(folder);
    writeFileSync(join(folder, 'thesis.txt'), 'years of work');
    const demo = await DemoProcess.start(['--once'], folder);
    expect(await demo.exitCode()).to.equal(1);
    expect(demo.output).to.include('left alone');
    expect(readdirSync(folder)).to.deep.equal(['thesis.txt']);
  });

  it('names a wrong option and touches nothing', async () => {
    const demo = await DemoProcess.start(['--size', 'huge']);
    expect(await demo.exitCode()).to.equal(2);
    expect(demo.output).to.include('--size huge is no size');
    expect(existsSync(demo.folder)).to.equal(false);
  });
});
