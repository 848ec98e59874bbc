import { expect } from 'chai';
import type { Response } from 'supertest';
import { PASSWORD } from './people.js';
import type { TestApi } from './test-api.js';

/** What a browser would send of itself with a form or a script of our own page. */
const OWN_PAGE = { 'Sec-Fetch-Site': 'same-origin' };
const PAGE = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

/** A browser without JavaScript: it keeps cookies, follows nothing by itself and reads forms. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #api: TestApi;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(api: TestApi, headers: Readonly<Record<string, string>> = {}) {
    this.#api = api;
    this.#headers = headers;
  }

  async open(path: string): Promise<Response> {
    return this.#keep(
      await this.#api.http.get(path).set({ ...PAGE, ...this.#headers, Cookie: this.#cookie() }),
    );
  }

  /** As the board's script asks. */
  async read(path: string): Promise<Response> {
    const headers = { Accept: 'application/json, text/plain, */*', ...this.#headers, Cookie: this.#cookie() };
    return this.#keep(await this.#api.http.get(path).set(headers));
  }

  async send(path: string, fields: object, headers: Record<string, string> = OWN_PAGE): Promise<Response> {
    const request = this.#api.http
      .post(path)
      .type('form')
      .set({ ...PAGE, ...this.#headers, ...headers, Cookie: this.#cookie() });
    return this.#keep(await request.send(fields));
  }

  /** As the board's script changes something; `token` is what it found in its cookie. */
  async change(
    method: 'put' | 'post' | 'patch' | 'delete',
    path: string,
    token = this.cookies.get('XSRF-TOKEN') ?? '',
    headers: Record<string, string> = OWN_PAGE,
  ): Promise<Response> {
    const request = this.#api.http[method](path)
      .set({ Accept: 'application/json', ...this.#headers, ...headers, Cookie: this.#cookie() })
      .set('X-XSRF-TOKEN', token);
    return this.#keep(await request);
  }

  /** Fills in the form that the login page holds. */
  async logIn(username: string, password = PASSWORD): Promise<Response> {
    const page = await this.open('/admin/queues/login');
    return this.send('/admin/queues/login', { token: hiddenToken(page), username, password });
  }

  #cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  #keep(response: Response): Response {
    for (const line of [response.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }
}

/** The token in a page's form. */
export function hiddenToken(page: Response): string {
  const [, token] = /name="token" value="([^"]+)"/.exec(page.text) ?? [];
  expect(token, page.text).to.be.a('string');
  return token ?? '';
}

/** The page is HTML, runs no script and styles that are not its own, and loads nothing from another place. */
export function expectOwnPage(response: Response): void {
  expect(response.headers['content-type']).to.match(/^text\/html/);
  const policy = response.headers['content-security-policy'] ?? '';
  expect(policy).to.include(`default-src 'none'`).and.include(`frame-ancestors 'none'`);
  const scripts = policy.split('; ').find((rule) => rule.startsWith('script-src'));
  expect(scripts ?? `script-src 'self'`).to.equal(`script-src 'self'`);
  expect(policy).to.not.match(/https?:/);
  const text = response.text.replaceAll('http%3A%2F%2Fwww.w3.org%2F2000%2Fsvg', '');
  expect(text).to.not.match(/(https?:)?\/\/[a-z0-9-]+\.[a-z]/i);
  expect(text).to.not.match(/ style=| on[a-z]+=/i);
  expect(response.headers['cache-control']).to.equal('no-store');
  expect(response.headers['x-frame-options']).to.equal('DENY');
}
