import { z } from 'zod';

/** POST /auth/login. Nothing here says which names or passwords can exist, only what fits into the database. */
export const loginRequest = z
  .strictObject({
    username: z
      .string()
      .min(1)
      .max(64)
      .regex(/^\P{C}*$/u, 'it holds a control character')
      .transform((name) => name.toLowerCase()),
    password: z.string().min(1).max(256),
  })
  .meta({ examples: [{ username: 'admin', password: 'your password' }] });

export type LoginRequest = z.infer<typeof loginRequest>;

export const loginAnswer = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int().describe('Seconds that the token lasts.'),
});

export type LoginAnswer = z.infer<typeof loginAnswer>;
