/** Where the board is. */
export const BOARD = '/admin/queues';

const PAGE = /^\/admin\/queues(\/[\w%.:~-]+)*\/?$/;

/** A page of the board to return to after the login, and the board itself for anything else. */
export function pageOfBoard(path: unknown): string {
  if (typeof path !== 'string' || path.length > 300 || !PAGE.test(path)) return BOARD;
  // A browser goes up where it reads two dots, also encoded ones.
  return new URL(path, 'http://board').pathname === path ? path : BOARD;
}
