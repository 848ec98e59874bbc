import type { OpenApiDocument } from '../openapi/document.js';
import type { Answer } from '../route.js';
import type { Services } from '../services.js';

/** The contract of this API. */
export async function tellContract({ contract }: Services): Promise<Answer<OpenApiDocument>> {
  return { body: contract };
}
