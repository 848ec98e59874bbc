import { randomUUID } from 'node:crypto';
import type { Database } from './database.js';

export const ROLES = ['viewer', 'auditor', 'operator', 'admin'] as const;
/** Each role may do what the ones before it may. */
export type Role = (typeof ROLES)[number];

export interface User {
  readonly id: string;
  readonly username: string;
  readonly passwordHash: string;
  readonly role: Role;
  /** Tokens made under an older version are void. */
  readonly tokenVersion: number;
  readonly disabled: boolean;
}

const COLUMNS = `id, username, password_hash AS "passwordHash", role, token_version AS "tokenVersion", disabled`;

export async function findUserByName(db: Database, username: string): Promise<User | null> {
  const { rows } = await db.query<User>(`SELECT ${COLUMNS} FROM users WHERE username = $1`, [username]);
  return rows[0] ?? null;
}

export async function findUser(db: Database, id: string): Promise<User | null> {
  const { rows } = await db.query<User>(`SELECT ${COLUMNS} FROM users WHERE id = $1`, [id]);
  return rows[0] ?? null;
}

export async function hasUsers(db: Database): Promise<boolean> {
  const { rows } = await db.query<{ some: boolean }>('SELECT EXISTS (SELECT FROM users) AS some');
  return rows[0]?.some === true;
}

/** Adds a user; false when the name is taken (two processes may both make the first admin). */
export async function insertUser(
  db: Database,
  user: { username: string; passwordHash: string; role: Role },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO users (id, username, password_hash, role) VALUES ($1, $2, $3, $4) ON CONFLICT (username) DO NOTHING`,
    [randomUUID(), user.username, user.passwordHash, user.role],
  );
  return rowCount === 1;
}
