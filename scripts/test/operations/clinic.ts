import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { psql } from '../../demo/psql.js';
import { type PostgresServer, startPostgres } from '../../services/postgres.js';

/** A database server with the manual's names: user `medical_user`, database `healthy_stellar`. */
export interface Clinic {
  readonly postgres: PostgresServer;
  readonly password: string;
  /** URL of a database for `medical_user`. */
  url(database: string): string;
}

const TABLES = `
  CREATE TABLE users AS SELECT g AS id, 'user ' || g AS name FROM generate_series(1, 20) g;
  CREATE TABLE patients AS SELECT g AS id, md5(g::text) AS name FROM generate_series(1, 5000) g;
  CREATE TABLE appointments AS SELECT g AS id, g % 5000 + 1 AS patient FROM generate_series(1, 9000) g;
  ALTER TABLE patients ADD PRIMARY KEY (id);`;

/** Starts the server, with the source, a further source `lab` and an empty database for history. */
export async function openClinic(folder: string): Promise<Clinic> {
  const postgres = await startPostgres({ directory: join(folder, 'postgres') });
  const password = randomBytes(18).toString('base64url');
  const asSuperuser = postgres.url('postgres');
  await psql(asSuperuser, `CREATE ROLE medical_user SUPERUSER LOGIN PASSWORD '${password}'`);
  // The database of the user's own name is the one that `pg_isready -U medical_user` and `psql` ask for.
  for (const name of ['healthy_stellar', 'lab', 'history', 'medical_user']) {
    await psql(asSuperuser, `CREATE DATABASE ${name} OWNER medical_user`);
  }
  await psql(postgres.url('healthy_stellar'), TABLES);
  await psql(postgres.url('lab'), 'CREATE TABLE results AS SELECT g AS id FROM generate_series(1, 100) g');
  const url = (database: string) => {
    const address = new URL(postgres.url(database));
    [address.username, address.password] = ['medical_user', password];
    return address.href;
  };
  return { postgres, password, url };
}
