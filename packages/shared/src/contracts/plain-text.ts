import { z } from 'zod';

/** Text that history can hold: PostgreSQL takes no NUL, its JSON no half of a surrogate pair, and a line no control character. */
export const plainText = z.string().regex(/^[^\p{Cc}\p{Cs}]*$/u, 'it holds a control character');
