import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Html, html } from '@safekeep/shared/html';
import { BOARD } from './paths.js';

/** The scripts and styles that the page of the board's package names. */
interface Assets {
  readonly scripts: readonly string[];
  readonly styles: readonly string[];
}

/**
 * The package's own page loads fonts from another company's server and has styles inline. This one loads the same
 * scripts from here and nothing else.
 */
export class EntryPage {
  readonly #assets = readAssets();

  /** @param uiConfig JSON that is safe inside a script element */
  render(title: string, uiConfig: string): string {
    const { scripts, styles } = this.#assets;
    return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<base href="${BOARD}/">
<title>${title}</title>
<link rel="icon" id="fav-logo" href="mark.svg">
${styles.map((path) => html`<link rel="stylesheet" href="${path}">`)}
</head>
<body class="preload">
<script id="__UI_CONFIG__" type="application/json">${new Html(uiConfig)}</script>
<div id="root"><noscript>The board needs JavaScript. ./backup.sh status and list tell the same without it.</noscript></div>
${scripts.map((path) => html`<script defer src="${path}"></script>`)}
<script defer src="activity.js"></script>
</body>
</html>
`.text;
  }
}

function readAssets(): Assets {
  const require = createRequire(import.meta.url);
  const page = join(dirname(require.resolve('@bull-board/ui/package.json')), 'dist', 'index.ejs');
  const text = readFileSync(page, 'utf8');
  const found = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, path = '']) => path);
  const scripts = found(/<script[^>]* src="(static\/js\/[\w.-]+\.js)"/g);
  const styles = found(/<link[^>]* href="(static\/css\/[\w.-]+\.css)"/g);
  // A release of the board that is built otherwise shall be noticed at the start, not by an empty page.
  if (scripts.length === 0 || styles.length === 0)
    throw new Error('@bull-board/ui has no page that is understood');
  return { scripts, styles };
}
