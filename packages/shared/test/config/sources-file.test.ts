import { expect } from 'chai';
import { loadConfig } from '../../src/config/load.js';
import { fileOf, goodVariables, mistakes } from './variables.js';

const LAB = 'postgres://lab:MARKER-lab@lab.example/lab';

async function mistakesOf(
  content: unknown,
  more: Record<string, string | undefined> = {},
): Promise<string[]> {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return mistakes({ ...goodVariables(), SOURCES_FILE: await fileOf(text), ...more });
}

describe('SOURCES_FILE', () => {
  it('adds sources to `main`, with their URLs in the file or in files of their own', async () => {
    const urlFile = await fileOf('postgres://x-ray:p@xray.example/images\n');
    const file = await fileOf(
      JSON.stringify([
        { name: 'lab', url: LAB },
        { name: 'x-ray_2', urlFile },
      ]),
    );
    const { sources } = loadConfig({ ...goodVariables(), SOURCES_FILE: file }, 'worker');
    expect(sources.map((source) => source.name)).to.deep.equal(['main', 'lab', 'x-ray_2']);
    expect(sources[1]?.url.reveal()).to.equal(LAB);
    expect(sources[2]?.url.reveal()).to.equal('postgres://x-ray:p@xray.example/images');
  });

  it('is enough without SOURCE_DATABASE_URL', async () => {
    expect(await mistakesOf([{ name: 'lab', url: LAB }], { SOURCE_DATABASE_URL: undefined })).to.deep.equal(
      [],
    );
  });

  it('that is empty and without SOURCE_DATABASE_URL leaves nothing to back up: refused', async () => {
    const found = await mistakesOf([], { SOURCE_DATABASE_URL: undefined });
    expect(found).to.have.length(1);
    expect(found[0]).to.match(/^SOURCE_DATABASE_URL is missing: set it to/);
  });

  const refused: Record<string, [content: unknown, reason: RegExp]> = {
    'bad JSON': ['[{"name":"lab",', /is not valid JSON; it needs \[/],
    'an empty file': ['', /is not valid JSON; it needs \[/],
    'an object instead of a list': [{ name: 'lab', url: LAB }, /the file: .*array/],
    'an unknown field': [[{ name: 'lab', url: LAB, pasword: 'MARKER' }], /0: Unrecognized key: "pasword"/],
    'neither url nor urlFile': [[{ name: 'lab' }], /0: give either url or urlFile/],
    'both url and urlFile': [[{ name: 'lab', url: LAB, urlFile: '/x' }], /0: give either url or urlFile/],
    'a urlFile that is not there': [
      [{ name: 'lab', urlFile: '/MARKER' }],
      /source "lab": its urlFile cannot be read/,
    ],
    'a URL of something else': [
      [{ name: 'lab', url: 'http://u:MARKER@h/d' }],
      /source "lab": it must start with/,
    ],
    'a URL that is a number': [[{ name: 'lab', url: 5432 }], /0\.url: /],
    'the reserved name': [[{ name: 'reports', url: LAB }], /the name "reports" is reserved/],
    'a name twice': [
      [
        { name: 'lab', url: LAB },
        { name: 'lab', url: LAB },
      ],
      /the source "lab" is named twice/,
    ],
    'the name of SOURCE_DATABASE_URL': [
      [{ name: 'main', url: LAB }],
      /"main" is named twice; `main` is SOURCE_/,
    ],
    'the history as a source': [
      [{ name: 'lab', url: 'postgres://u:MARKER@history.example/safekeep_history' }],
      /^HISTORY_DATABASE_URL is the database of source "lab"/,
    ],
  };
  for (const [name, [content, reason]] of Object.entries(refused)) {
    it(`with ${name} is refused, and no URL is quoted`, async () => {
      const found = await mistakesOf(content);
      expect(found).to.have.length(1);
      expect(found[0]).to.match(reason).and.not.contain('MARKER');
    });
  }

  it('refuses every name that is no plain folder name', async () => {
    const names = [
      '',
      'Lab',
      '1lab',
      '-lab',
      '.',
      '..',
      '../etc',
      'a/b',
      'a b',
      'läb',
      'a\nb',
      'a'.repeat(33),
    ];
    for (const name of names) {
      const found = await mistakesOf([{ name, url: LAB }]);
      expect(found, JSON.stringify(name)).to.have.length(1);
      expect(found[0]).to.match(/0\.name: a source name has 1 to 32 of a-z/);
    }
  });

  it('gives API and command line the names alone: they need neither URL nor the files of URLs', async () => {
    const file = await fileOf(
      JSON.stringify([{ name: 'lab', urlFile: '/run/secrets/of-the-workers-alone' }]),
    );
    const variables = { ...goodVariables(), SOURCES_FILE: file };
    for (const role of ['api', 'cli'] as const) {
      const config = loadConfig(variables, role);
      expect(config.sourceNames).to.deep.equal(['main', 'lab']);
      expect(config).to.not.have.property('sources');
      const without = { ...variables, SOURCE_DATABASE_URL: undefined };
      expect(loadConfig(without, role).sourceNames).to.deep.equal(['lab']);
      expect(loadConfig({ ...without, SOURCES_FILE: undefined }, role).sourceNames).to.deep.equal(['main']);
    }
    const twice = await fileOf(JSON.stringify([{ name: 'main', url: 'postgres://x/y' }]));
    expect(mistakes({ ...variables, SOURCES_FILE: twice }, 'api')[0]).to.contain('"main" is named twice');
  });

  it('reports every mistake of every source at once', async () => {
    const found = await mistakesOf([
      { name: 'Lab', url: LAB },
      { name: 'x' },
      { name: 'ok', url: LAB, extra: 1 },
    ]);
    expect(found.map((line) => line.replace(/^SOURCES_FILE: (\S+?):.*/, '$1'))).to.deep.equal([
      '0.name',
      '1',
      '2',
    ]);
  });
});
