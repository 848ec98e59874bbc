import type { Answer } from '../route.js';
import type { Services } from '../services.js';

/** The contract as a page for people. */
export async function showDocs({ docs }: Services): Promise<Answer<string>> {
  return { body: docs.html, contentType: 'text/html', headers: docs.headers };
}
