import { join } from 'node:path';
import type { Credentials } from './credentials.js';
import { RESTORED } from './databases.js';
import type { Folder } from './folder.js';
import type { Safekeep } from './safekeep.js';

export interface Whereabouts {
  readonly folder: Folder;
  readonly credentials: Credentials;
  readonly safekeep: Safekeep;
  readonly backupFile: string;
}

/** What a person can do while the demo runs. */
export function whileItRuns(where: Whereabouts): string[] {
  const { url, environmentFile } = where.safekeep;
  const login = JSON.stringify({ username: 'admin', password: where.credentials.adminPassword });
  return [
    `  API         ${url}   (ready: ${url}/health/ready)`,
    `  login       user admin, password ${where.credentials.adminPassword}`,
    '',
    '  In another terminal, in the project:',
    '',
    `    . ${environmentFile}`,
    `    TOKEN=$(curl -s ${url}/auth/login -H 'Content-Type: application/json' \\`,
    `      -d '${login}' | cut -d'"' -f4)`,
    `    curl -s '${url}/backup/history?limit=10' -H "Authorization: Bearer $TOKEN"`,
    `    curl -s -X POST ${url}/backup/full -H "Authorization: Bearer $TOKEN"`,
    '    ./backup.sh list',
    '    psql service=clinic        # the source; also: service=restored, service=history',
    `    psql service=clinic -c 'DROP DATABASE ${RESTORED}'   # then step 3 can be repeated`,
  ];
}

/** What stays on the disk, and how to be rid of it. */
export function onTheDisk(where: Whereabouts): string[] {
  return [
    `  backup      ${where.backupFile}`,
    `  sidecar     ${where.backupFile}.meta`,
    `  key         ${where.credentials.encryptionKeyFile}`,
    `  logs        ${join(where.folder.logs, 'api.log')}, worker.log`,
    `  remove all  rm -rf ${where.folder.path}`,
  ];
}
