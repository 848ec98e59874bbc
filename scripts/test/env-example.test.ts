import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { environmentNames, environmentSchema } from '../../packages/shared/src/config/schema.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Names and values of .env.example; `# NAME=value` shows a default. */
function variables(): Map<string, string> {
  const lines = read('.env.example').matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$/gm);
  return new Map([...lines].map(([, name = '', value = '']) => [name, value.replace(/^"(.*)"$/, '$1')]));
}

describe('.env.example', () => {
  it('lists every variable that Safekeep reads', () => {
    expect(environmentNames.filter((name) => !variables().has(name))).to.deep.equal([]);
  });

  it('lists nothing that neither Safekeep nor docker-compose.yml reads', () => {
    const compose = read('docker-compose.yml');
    const unknown = [...variables().keys()].filter(
      (name) => !(environmentNames as string[]).includes(name) && !compose.includes(`\${${name}`),
    );
    expect(unknown).to.deep.equal([]);
  });

  it('lists every variable that docker-compose.yml takes from it', () => {
    const used = [...read('docker-compose.yml').matchAll(/\$\{([A-Z_]+)/g)].map(([, name = '']) => name);
    expect(used.filter((name) => !variables().has(name))).to.deep.equal([]);
  });

  it('shows the defaults that hold', () => {
    for (const name of environmentNames) {
      const shown = variables().get(name);
      const field = environmentSchema.shape[name];
      if (shown === undefined || shown === '') continue;
      expect(field.parse(shown), name).to.deep.equal(field.parse(undefined));
    }
  });

  it('holds no secret', () => {
    const secrets = [...variables()].filter(([name]) => /(_URL|_KEY|_SECRET|_PASSWORD|_TOKEN)$/.test(name));
    expect(secrets.filter(([, value]) => value !== '')).to.deep.equal([]);
  });
});

describe('every variable that Safekeep reads', () => {
  it('is in the tables of docs/INSTALL.md', () => {
    const [, chapter = ''] = /^## Environment$(.*)/ms.exec(read('docs/INSTALL.md')) ?? [];
    const told = chapter.split('\n').filter((line) => line.startsWith('|'));
    expect(
      environmentNames.filter((name) => !told.some((line) => line.includes(`\`${name}\``))),
    ).to.deep.equal([]);
  });

  it('reaches a container of docker-compose.yml', () => {
    const compose = read('docker-compose.yml');
    const missing = environmentNames.filter((name) => !new RegExp(`^ +${name}(_FILE)?:`, 'm').test(compose));
    expect(missing).to.deep.equal([]);
  });
});
