/** How long an answer may take, in milliseconds: a frozen or cut-off API answers nobody. */
const PATIENCE = 5_000;

export interface ApiAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: it looks into answers of several routes
  readonly body: any;
}

/** A person who goes on asking, whatever becomes of the API. */
export class ApiClient {
  #token = '';

  constructor(
    private readonly url: string,
    private readonly password: string,
  ) {}

  /** `null` where no answer came; what was asked for may have been accepted all the same. */
  async request(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ApiAnswer | null> {
    const answer = await this.#send(method, path, body, headers);
    if (answer?.status !== 401) return answer;
    const login = await this.#send('POST', '/auth/login', { username: 'admin', password: this.password }, {});
    if (login?.status !== 200) return login;
    this.#token = login.body.access_token;
    return this.#send(method, path, body, headers);
  }

  async #send(
    method: string,
    path: string,
    body: object | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<ApiAnswer | null> {
    try {
      const answer = await fetch(`${this.url}${path}`, {
        method,
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${this.#token}`, ...headers },
        signal: AbortSignal.timeout(PATIENCE),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
    } catch {
      return null;
    }
  }
}
