import type { AppViewRoute } from '@bull-board/api/typings/app';
import { ExpressAdapter } from '@bull-board/express';
import type { Express, Request, Response } from 'express';
import { EntryPage } from './entry-page.js';
import { BOARD } from './paths.js';

/** The board's server part, with a page of our own and our way with errors. */
export class BoardAdapter extends ExpressAdapter {
  readonly #page = new EntryPage();

  constructor() {
    super();
    this.setBasePath(BOARD);
    this.app.disable('x-powered-by');
    this.app.disable('etag');
  }

  /** Its page is not used, so neither is its template engine. */
  override setViewsPath(): this {
    return this;
  }

  override setEntryRoute({ method, route, handler }: AppViewRoute): this {
    this.app[method](route, (_request: Request, response: Response) => {
      const { params } = handler({ basePath: this.basePath, uiConfig: this.uiConfig });
      response.type('html').send(this.#page.render(String(params.title), String(params.uiConfig)));
    });
    return this;
  }

  /** Its own handler answers with the text of whatever was thrown; ours comes behind it. */
  override setErrorHandler(): this {
    this.errorHandler = (error: Error) => {
      throw error;
    };
    return this;
  }

  override getRouter(): Express {
    return this.app;
  }
}
