import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { format, inspect } from 'node:util';
import { expect } from 'chai';
import { Secret } from '../../src/config/secret.js';

const VALUE = 'MARKER-of-a-secret';

describe('a secret', () => {
  const secret = new Secret(VALUE);
  const shown: Record<string, () => string> = {
    String: () => String(secret),
    'a template': () => `${secret}`,
    'adding it to a text': () => `${'' as unknown}${secret}`.concat(secret as unknown as string),
    'JSON, also deep inside': () => JSON.stringify({ config: [{ secret }] }),
    'inspect, with everything switched on': () =>
      inspect(
        { deep: { deeper: { secret } } },
        { depth: null, showHidden: true, getters: true, showProxy: true },
      ),
    format: () => format('%s %o %O %j', secret, secret, secret, secret),
    'its own properties': () =>
      JSON.stringify(Object.getOwnPropertyDescriptors(secret)) + Object.keys(secret),
    'a copy of its properties': () => JSON.stringify({ ...secret }) + inspect({ ...secret }),
    'a structured clone': () => inspect(structuredClone(secret), { showHidden: true }),
    'an error that is made of it': () => inspect(new Error(`cannot use ${secret}`, { cause: secret })),
  };
  for (const [name, show] of Object.entries(shown)) {
    it(`does not show itself by ${name}`, () => {
      expect(show()).to.not.contain('MARKER');
    });
  }

  it('does not show itself on the console', () => {
    const module = fileURLToPath(new URL('../../src/config/secret.ts', import.meta.url));
    const script = `import { Secret } from ${JSON.stringify(module)}; const s = new Secret('${VALUE}');
      console.log(s, [s], { s }, 'a ' + s); console.dir({ s }, { depth: 9 }); console.table([{ s }]); console.error('%o', s);`;
    const args = ['--import', 'tsx/esm', '--input-type=module', '-e', `${script} `];
    const output = execFileSync(process.execPath, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(output).to.contain('[redacted]').and.not.contain('MARKER');
  });

  it('gives its value to whoever asks for it by name', () => {
    expect(secret.reveal()).to.equal(VALUE);
  });
});
