import { createHash } from 'node:crypto';
import { Html, html } from '@safekeep/shared/html';
import { MARK } from './mark.js';

/** A whole page with its headers. Nothing in it comes from another place, and no script runs. */
export interface Page {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Contents {
  readonly title: string;
  readonly style: string;
  readonly body: Html;
}

export function renderPage({ title, style, body }: Contents): Page {
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = [
    `default-src 'none'`,
    `style-src 'sha256-${hash}'`,
    'img-src data:',
    `form-action 'self'`,
    `frame-ancestors 'none'`,
    `base-uri 'none'`,
  ];
  const document = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(MARK)}">
<style>${new Html(style)}</style>
</head>
<body>
${body}
</body>
</html>
`;
  return {
    html: document.text,
    headers: {
      'Content-Security-Policy': policy.join('; '),
      // A page that sends a form tells its own server where it comes from; with no-referrer it would say `null`.
      'Referrer-Policy': 'same-origin',
    },
  };
}
