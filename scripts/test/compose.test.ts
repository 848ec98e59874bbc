import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { environmentNames } from '../../packages/shared/src/config/schema.js';
import {
  type ComposeFile,
  type ComposeProgram,
  type ComposeService,
  findDockerCompose,
  readComposeFile,
} from '../compose/docker-compose.js';
import { scratchFolder } from '../services/scratch-folder.js';

/** The longest that a worker takes to end, in seconds. */
const DRAIN = 45;

/** Variables whose value is a secret: in docker-compose.yml they may only come from a file or from .env. */
const SECRETS = /(_URL|_KEY|_SECRET|_PASSWORD|_TOKEN)$/;

describe('docker-compose.yml', function () {
  this.timeout(180_000);
  let compose: ComposeProgram;
  let file: ComposeFile;
  /** With the profile monitoring. */
  let monitored: ComposeFile;
  const service = (name: string): ComposeService => {
    const found = file.services[name];
    if (found === undefined) throw new Error(`there is no service ${name}`);
    return found;
  };
  const eachService = (check: (service: ComposeService, name: string) => void) => {
    for (const [name, found] of Object.entries(monitored.services)) check(found, name);
  };

  before(function () {
    try {
      compose = findDockerCompose();
    } catch (error) {
      process.stdout.write(`\n  !! NOT CHECKED: docker-compose.yml. ${error}\n\n`);
      this.skip();
    }
    file = readComposeFile(compose);
    monitored = readComposeFile(compose, { profile: 'monitoring' });
  });

  it('has the four services of the manual', () => {
    expect(Object.keys(file.services)).to.have.members(['app', 'backup', 'postgres', 'redis']);
  });

  it('starts Prometheus, Alertmanager and Grafana only with the profile monitoring', () => {
    const more = Object.keys(monitored.services).filter((name) => !(name in file.services));
    expect(more).to.have.members(['prometheus', 'alertmanager', 'grafana']);
    for (const name of more) {
      const { image, ports, networks } = monitored.services[name] ?? {};
      expect(image, name).to.match(/:v?\d+\.\d+\.\d+$/);
      expect(
        ports?.map((port) => port.host_ip),
        name,
      ).to.deep.equal(['127.0.0.1']);
      expect(Object.keys(networks ?? {}), name).to.deep.equal(['outside']);
    }
  });

  it('runs every service hardened: no root, no capability, no way to more, read-only', () => {
    eachService((found, name) => {
      expect(found.user, name).to.match(/^[1-9]\d*:[1-9]\d*$/);
      expect(found.cap_drop, name).to.deep.equal(['ALL']);
      expect(found.security_opt, name).to.deep.equal(['no-new-privileges:true']);
      expect(found.read_only, name).to.equal(true);
    });
  });

  it('asks every service for its health and starts it again when it dies', () => {
    eachService((found, name) => {
      expect(found.healthcheck?.test, name).to.be.an('array').that.is.not.empty;
      expect(found.restart, name).to.equal('unless-stopped');
    });
    for (const name of ['app', 'backup']) {
      const conditions = Object.entries(service(name).depends_on ?? {}).map(([on, { condition }]) => [
        on,
        condition,
      ]);
      expect(conditions, name).to.have.deep.members([
        ['postgres', 'service_healthy'],
        ['redis', 'service_healthy'],
      ]);
    }
  });

  it('takes every secret from a file and shows none', () => {
    for (const [name, secret] of Object.entries(monitored.secrets)) {
      expect(secret.file, name).to.match(/\/secrets\/[a-z_]+\.txt$/);
    }
    eachService(({ environment }, name) => {
      for (const [variable, value] of Object.entries(environment ?? {})) {
        if (SECRETS.test(variable)) expect(value, `${name}: ${variable}`).to.equal(null);
      }
    });
    expect(JSON.stringify(file)).not.to.match(/:\/\/[^/\s"]*:[^/\s"]*@/);
  });

  it('gives the encryption key to the workers alone', () => {
    const holders = Object.keys(file.services).filter((name) =>
      service(name).secrets?.some(({ source }) => source === 'backup_encryption_key'),
    );
    expect(holders).to.deep.equal(['backup']);
    expect(service('backup').environment).to.include({
      BACKUP_ENCRYPTION_KEY: null,
      BACKUP_ENCRYPTION_KEY_FILE: '/run/secrets/backup_encryption_key',
    });
  });

  it('takes the encryption key from the environment when .env says so', async () => {
    const envFile = join(await scratchFolder('safekeep-test'), 'env');
    writeFileSync(envFile, 'BACKUP_ENCRYPTION_KEY=from-the-environment\nBACKUP_ENCRYPTION_KEY_FILE=\n');
    expect(readComposeFile(compose, { envFile }).services.backup?.environment).to.include({
      BACKUP_ENCRYPTION_KEY: 'from-the-environment',
      BACKUP_ENCRYPTION_KEY_FILE: '',
    });
    rmSync(envFile);
  });

  it('can be scaled: nothing of backup exists once only', () => {
    const { container_name, hostname, ports } = service('backup');
    expect({ container_name, hostname, ports }).to.deep.equal({
      container_name: undefined,
      hostname: undefined,
      ports: undefined,
    });
  });

  it('waits for a worker to drain before it kills it', () => {
    expect(seconds(service('backup').stop_grace_period)).to.be.greaterThan(DRAIN);
  });

  it('shows the backups to the host, where the manual looks, and to postgres for its emergency dump', () => {
    expect(file.volumes.backup_data).to.deep.include({
      name: 'backup_data',
      driver_opts: { type: 'none', o: 'bind', device: '/backups' },
    });
    for (const name of ['backup', 'postgres']) {
      const targets = service(name).volumes?.filter(({ source }) => source === 'backup_data');
      expect(
        targets?.map(({ target }) => target),
        name,
      ).to.deep.equal(['/backups']);
    }
  });

  it('publishes one port, on this host only, and keeps the databases inside', () => {
    const published = Object.keys(file.services).filter((name) => service(name).ports !== undefined);
    expect(published).to.deep.equal(['app']);
    expect(service('app').ports?.[0]).to.include({ host_ip: '127.0.0.1', published: '3000', target: 3000 });
    expect(file.networks.inside?.internal).to.equal(true);
    for (const name of ['postgres', 'redis']) {
      expect(Object.keys(service(name).networks ?? {}), name).to.deep.equal(['inside']);
    }
  });

  it('sets no variable that Safekeep does not read', () => {
    const known = new Set(environmentNames.flatMap((name) => [name, `${name}_FILE`]));
    for (const name of ['app', 'backup']) {
      const variables = Object.keys(service(name).environment ?? {});
      expect(
        variables.filter((variable) => !known.has(variable)),
        name,
      ).to.deep.equal([]);
    }
  });
});

/** `1m30s` as docker compose writes durations, in seconds. */
function seconds(duration = ''): number {
  const [, minutes = '0', rest = '0'] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration) ?? [];
  return Number(minutes) * 60 + Number(rest);
}
