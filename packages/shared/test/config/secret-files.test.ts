import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { loadConfig } from '../../src/config/load.js';
import { environmentNames } from '../../src/config/schema.js';
import { fileOf, goodVariables, mistakes } from './variables.js';

const KEY = randomBytes(48).toString('base64');

/** The key as it is read from a file of this content, or the mistakes that are reported. */
async function keyFrom(content: string | Buffer): Promise<string | string[]> {
  const variables = {
    ...goodVariables(),
    BACKUP_ENCRYPTION_KEY: undefined,
    BACKUP_ENCRYPTION_KEY_FILE: await fileOf(content),
  };
  const found = mistakes(variables);
  return found.length > 0 ? found : loadConfig(variables, 'worker').BACKUP_ENCRYPTION_KEY.reveal();
}

describe('a variable that is given as a file', () => {
  for (const [name, ending] of [
    ['nothing', ''],
    ['one newline', '\n'],
    ['one CRLF', '\r\n'],
  ] as const) {
    it(`is the whole file less one trailing newline (here: ${name})`, async () => {
      expect(await keyFrom(`${KEY}${ending}`)).to.equal(KEY);
    });
  }

  for (const [name, content] of Object.entries({
    'two trailing newlines': `${KEY}\n\n`,
    'a space before the newline': `${KEY} \n`,
    'a byte order mark': `\uFEFF${KEY}\n`,
    'a second line': `${KEY}\nsecond\n`,
    'a NUL, where openssl would stop reading': `${KEY}\0${KEY.slice(0, 8)}`,
  })) {
    it(`is never trimmed further: a key file with ${name} is refused`, async () => {
      expect((await keyFrom(content))[0]).to.match(/^BACKUP_ENCRYPTION_KEY: the key is weak/);
    });
  }

  it('is refused when it is not text: openssl would read other bytes than Safekeep', async () => {
    const binary = Buffer.concat([Buffer.from([0xff, 0xfe, 0x80]), Buffer.from(KEY)]);
    expect(await keyFrom(binary)).to.deep.equal([
      'BACKUP_ENCRYPTION_KEY_FILE: the file is not text in UTF-8',
    ]);
  });

  for (const content of ['', '\n', '\r\n']) {
    it(`is refused when the file holds nothing (${JSON.stringify(content)})`, async () => {
      expect(await keyFrom(content)).to.deep.equal(['BACKUP_ENCRYPTION_KEY_FILE: the file is empty']);
    });
  }

  it('is refused, with the variable and the reason, when the file cannot be read', async () => {
    const folder = await scratchFolder('safekeep-config');
    for (const [path, reason] of [
      [`${folder}/missing`, 'ENOENT'],
      [folder, 'EISDIR'],
    ] as const) {
      const variables = { ...goodVariables(), JWT_SECRET: undefined, JWT_SECRET_FILE: path };
      expect(mistakes(variables, 'api')).to.deep.equal([
        `JWT_SECRET_FILE: the file cannot be read (${reason}); check path and permissions`,
      ]);
    }
  });

  it('does not show a secret that was given in place of a path', () => {
    const variables = {
      ...goodVariables(),
      BACKUP_ENCRYPTION_KEY: undefined,
      BACKUP_ENCRYPTION_KEY_FILE: KEY,
    };
    expect(mistakes(variables)).to.have.length(1);
    expect(mistakes(variables)[0]).to.not.contain(KEY);
    const sources = { ...goodVariables(), SOURCES_FILE: 'postgres://clinic:MARKER@db/clinic' };
    expect(mistakes(sources)).to.have.length(1);
    expect(mistakes(sources)[0]).to.not.contain('MARKER');
  });

  it('is refused when the variable is set as well: nobody should have to guess which holds', async () => {
    const variables = { ...goodVariables(), BACKUP_ENCRYPTION_KEY_FILE: await fileOf(KEY) };
    expect(mistakes(variables)).to.deep.equal([
      'BACKUP_ENCRYPTION_KEY and BACKUP_ENCRYPTION_KEY_FILE are both set: keep one of them',
    ]);
  });

  it('can be any variable, and one mistake with it is one line', () => {
    for (const name of environmentNames) {
      const found = mistakes({ ...goodVariables(), [name]: undefined, [`${name}_FILE`]: '/nowhere/at/all' });
      expect(found, name).to.deep.equal([
        `${name}_FILE: the file cannot be read (ENOENT); check path and permissions`,
      ]);
    }
  });

  it('counts as not given when the path is empty, as compose passes it', () => {
    expect(mistakes({ ...goodVariables(), BACKUP_ENCRYPTION_KEY_FILE: '' })).to.deep.equal([]);
  });

  it('is checked like the variable itself', async () => {
    const variables = { ...goodVariables(), BACKUP_RETENTION_FULL_DAYS_FILE: await fileOf('0\n') };
    expect(mistakes(variables)[0]).to.match(/^BACKUP_RETENTION_FULL_DAYS: it needs a whole number/);
  });
});
