import { IDLE_SECONDS } from '../auth/sessions.js';
import { BOARD } from './paths.js';

/**
 * Runs in the browser beside the board, which asks for news every few seconds and would keep an abandoned screen logged
 * in for ever. Only keys and clicks renew the session; without any, or when it was ended elsewhere, the screen becomes
 * the login page.
 */
export const ACTIVITY_SCRIPT = `'use strict';
(() => {
  const idle = ${(IDLE_SECONDS + 5) * 1000};
  let last = Date.now();
  let renewed = last;
  const leave = () => location.assign('${BOARD}/login?next=' + encodeURIComponent(location.pathname));
  const token = () => /(?:^|; )XSRF-TOKEN=([^;]*)/.exec(document.cookie)?.[1] ?? '';
  const act = () => {
    last = Date.now();
    if (last - renewed < 60000) return;
    renewed = last;
    fetch('${BOARD}/session', { method: 'POST', headers: { 'X-XSRF-TOKEN': token() } }).then(
      (answer) => { if (answer.status === 401) leave(); },
      () => {},
    );
  };
  for (const event of ['pointerdown', 'keydown']) addEventListener(event, act, { capture: true, passive: true });
  const look = () => {
    if (Date.now() - last > idle) return leave();
    fetch('${BOARD}/session').then((answer) => { if (answer.status === 401) leave(); }, () => {});
  };
  setInterval(look, 10000);
})();
`;
