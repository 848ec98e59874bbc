import type { Backup } from '../../packages/shared/src/contracts/backup.js';
import type { BackupDetail } from '../../packages/shared/src/contracts/backup-detail.js';
import type { RecoveryTest } from '../../packages/shared/src/contracts/recovery-test.js';
import type { Restore } from '../../packages/shared/src/contracts/restore.js';
import type { Verification } from '../../packages/shared/src/contracts/verification.js';
import { DemoError } from './demo-error.js';
import type { SafekeepProcess } from './safekeep.js';

const ANSWER_WITHIN_MS = 30_000;

/** JSON has no times: the API sends them as ISO 8601. */
type Sent<Value> = Value extends Date
  ? string
  : Value extends readonly (infer Item)[]
    ? readonly Sent<Item>[]
    : Value extends object
      ? { readonly [Field in keyof Value]: Sent<Value[Field]> }
      : Value;

/** A backup as the API answers it. */
export type BackupAnswer = Sent<Backup>;
export type BackupDetailAnswer = Sent<BackupDetail>;
export type VerificationAnswer = Sent<Verification>;
export type RecoveryTestAnswer = Sent<RecoveryTest>;
export type RestoreAnswer = Sent<Restore>;

/** The REST API as its administrator uses it. */
export class ApiClient {
  readonly #url: string;
  readonly #password: string;
  readonly #api: SafekeepProcess;
  readonly #signal: AbortSignal;
  #token = '';

  constructor(options: { url: string; password: string; api: SafekeepProcess; signal: AbortSignal }) {
    this.#url = options.url;
    this.#password = options.password;
    this.#api = options.api;
    this.#signal = options.signal;
  }

  async login(): Promise<void> {
    const body = JSON.stringify({ username: 'admin', password: this.#password });
    const answer = await this.#send('POST', '/auth/login', body);
    this.#token = ((await this.#read(answer)) as { access_token: string }).access_token;
  }

  async startFullBackup(source = 'main'): Promise<BackupAnswer> {
    return (await this.#call('POST', '/backup/full', { source })) as BackupAnswer;
  }

  async startIncrementalBackup(): Promise<BackupAnswer> {
    return (await this.#call('POST', '/backup/incremental')) as BackupAnswer;
  }

  /** With its verifications and recovery tests. */
  async backup(id: string): Promise<BackupDetailAnswer> {
    return (await this.#call('GET', `/backup/${id}`)) as BackupDetailAnswer;
  }

  async startVerification(backupId: string): Promise<VerificationAnswer> {
    return (await this.#call('POST', `/backup/${backupId}/verify`)) as VerificationAnswer;
  }

  async startRecoveryTest(backupId: string): Promise<RecoveryTestAnswer> {
    return (await this.#call('POST', '/backup/recovery/test', { backupId })) as RecoveryTestAnswer;
  }

  async startRestore(backupId: string, targetDatabase: string): Promise<RestoreAnswer> {
    const body = { backupId, targetDatabase };
    return (await this.#call('POST', '/backup/recovery/restore', body)) as RestoreAnswer;
  }

  async restore(id: string): Promise<RestoreAnswer> {
    return (await this.#call('GET', `/backup/recovery/restores/${id}`)) as RestoreAnswer;
  }

  /** A token lasts 15 minutes; a large backup takes longer. */
  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const text = body && JSON.stringify(body);
    const answer = await this.#send(method, path, text);
    if (answer.status !== 401) return this.#read(answer);
    await this.login();
    return this.#read(await this.#send(method, path, text));
  }

  async #send(method: string, path: string, body?: string): Promise<Response> {
    const headers = { Authorization: `Bearer ${this.#token}`, 'Content-Type': 'application/json' };
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
    try {
      return await fetch(`${this.#url}${path}`, {
        method,
        headers,
        signal,
        ...(body !== undefined && { body }),
      });
    } catch (cause) {
      this.#signal.throwIfAborted();
      const remedy = 'Read the log above; then start the demo again.';
      throw new DemoError(`The API does not answer ${method} ${path}.`, {
        remedy,
        logFile: this.#api.logFile,
        cause,
      });
    }
  }

  async #read(answer: Response): Promise<unknown> {
    const body = (await answer.json()) as { detail?: string; title?: string; hint?: string; code?: string };
    if (answer.ok) return body;
    throw new DemoError(
      `The API answers ${answer.status} ${body.code ?? ''}: ${body.detail ?? body.title ?? ''}`,
      {
        remedy: body.hint ?? 'Read the log above; then start the demo again.',
        logFile: this.#api.logFile,
      },
    );
  }
}
