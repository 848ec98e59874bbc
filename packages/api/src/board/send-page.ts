import type { Response } from 'express';
import type { Page } from '../pages/page.js';

export function sendPage(response: Response, status: number, page: Page): void {
  response.status(status).set(page.headers).type('html').send(page.html);
}
