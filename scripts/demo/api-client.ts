import type { Backup } from '../../packages/shared/src/contracts/backup.js';
import { DemoError } from './demo-error.js';
import type { SafekeepProcess } from './safekeep.js';

const ANSWER_WITHIN_MS = 30_000;

/** JSON has no times: the API sends them as ISO 8601. */
type Sent<Value> = Value extends Date ? string : Value;

/** A backup as the API answers it. */
export type BackupAnswer = { readonly [Field in keyof Backup]: Sent<Backup[Field]> };

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

  async startFullBackup(): Promise<BackupAnswer> {
    return (await this.#call('POST', '/backup/full')) as BackupAnswer;
  }

  async backup(id: string): Promise<BackupAnswer> {
    return (await this.#call('GET', `/backup/${id}`)) as BackupAnswer;
  }

  /** A token lasts 15 minutes; a large backup takes longer. */
  async #call(method: string, path: string): Promise<unknown> {
    const answer = await this.#send(method, path);
    if (answer.status !== 401) return this.#read(answer);
    await this.login();
    return this.#read(await this.#send(method, path));
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
