import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Secrets of one run, made when it starts. */
export interface Credentials {
  readonly encryptionKeyFile: string;
  readonly jwtSecretFile: string;
  readonly adminPassword: string;
}

/** Writes fresh secrets that nobody else on the machine can read. */
export function makeCredentials(folder: string): Credentials {
  return {
    encryptionKeyFile: writeSecret(join(folder, 'backup_encryption_key.txt')),
    jwtSecretFile: writeSecret(join(folder, 'jwt_secret.txt')),
    adminPassword: randomBytes(12).toString('base64url'),
  };
}

/** As `openssl rand -base64 48 > file` does. */
function writeSecret(file: string): string {
  writeFileSync(file, `${randomBytes(48).toString('base64')}\n`, { mode: 0o600 });
  return file;
}
