import { z } from 'zod';

/** GET /openapi.json: a document of OpenAPI 3.1. Its own schema is the OpenAPI Initiative's. */
export const openApiContract = z.object({ openapi: z.literal('3.1.1') });
