import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

const run = promisify(execFile);
const PACKAGE = fileURLToPath(new URL('../src/', import.meta.url));
const ROW_VALUE = 'Mrs-Nobody-has-a-secret-diagnosis';

describe('an error that nobody caught', () => {
  for (const [how, statement] of [
    ['thrown', `setTimeout(() => { throw new Error('Key (name)=(${ROW_VALUE}) already exists.'); }, 1)`],
    ['of a promise', `void Promise.reject(new Error('Key (name)=(${ROW_VALUE}) already exists.'))`],
  ] as const) {
    it(`(${how}) ends the process with 1 and a line in the log, without its text`, async () => {
      const script = `
        import { createLogger } from '${PACKAGE}logger.ts';
        import { endOnSurprise } from '${PACKAGE}end-on-surprise.ts';
        endOnSurprise(createLogger({ service: 'worker', level: 'info' }));
        setInterval(() => {}, 1000);
        ${statement};`;
      const args = ['--import', 'tsx/esm', '--input-type=module', '-e', script];
      const ended = await run(process.execPath, args).then(
        () => null,
        (error: { code: number; stdout: string; stderr: string }) => error,
      );
      expect(ended?.code).to.equal(1);
      expect(ended?.stdout).to.match(/"message":"the process ends"/);
      expect(`${ended?.stdout}${ended?.stderr}`).to.not.include(ROW_VALUE);
    });
  }
});
