import type { LoginAnswer, LoginRequest } from '@safekeep/shared/contracts/login';
import { checkLogin } from '../auth/check-login.js';
import { TOKEN_SECONDS } from '../auth/token.js';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** An access token for a name and a password. */
export async function login(
  services: Services,
  { input, audit, address }: Call<{ body: LoginRequest }>,
): Promise<Answer<LoginAnswer>> {
  const user = await checkLogin(services.login, input.body, audit, address);
  const token = services.tokens.issue(user);
  return { body: { access_token: token, token_type: 'Bearer', expires_in: TOKEN_SECONDS } };
}
