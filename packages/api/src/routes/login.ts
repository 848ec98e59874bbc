import type { LoginAnswer, LoginRequest } from '@safekeep/shared/contracts/login';
import { fail } from '@safekeep/shared/errors';
import { logIn } from '../auth/login.js';
import { TOKEN_SECONDS } from '../auth/token.js';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** An unknown name stays out of the audit trail: people type their password into the wrong field. */
export async function login(
  services: Services,
  { input, audit, address }: Call<{ body: LoginRequest }>,
): Promise<Answer<LoginAnswer>> {
  const result = await logIn(services.login, { ...input.body, address });
  audit.target = result.user?.username ?? null;
  if (result.kind === 'refused') {
    audit.detail = { reason: result.reason };
    throw fail('LOGIN_FAILED');
  }
  const { user } = result;
  audit.actor = { id: user.id, name: user.username, address };
  const token = services.tokens.issue(user);
  return { body: { access_token: token, token_type: 'Bearer', expires_in: TOKEN_SECONDS } };
}
