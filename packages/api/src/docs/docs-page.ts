import { type Html, html } from '@safekeep/shared/html';
import type { OpenApiDocument, Operation } from '../openapi/document.js';
import { ALWAYS } from '../openapi/problems.js';
import { type Page, renderPage } from '../pages/page.js';
import { prose } from '../pages/prose.js';
import { methodMark, operationSection, schemaTable } from './operation.js';
import { DOCS_STYLE } from './style.js';

interface Listed {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** The contract as one page for people: no script, nothing from another place, and the browser's own search finds all. */
export function docsPage(document: OpenApiDocument): Page {
  const operations: Listed[] = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  const chapters = document.tags.map((tag) => ({
    ...tag,
    operations: operations.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
  const schemas = Object.entries(document.components.schemas);
  const { title, version, description } = document.info;
  const body = html`<nav aria-label="Routes">
<p class="brand"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 1l6 2v5c0 4-3 6-6 7-3-1-6-3-6-7V3z"/></svg>${title} API</p>
<ul><li><a href="#begin">How to begin</a></li></ul>
${chapters.map(
  (chapter) => html`<h2>${chapter.name}</h2><ul>
${chapter.operations.map(
  ({ method, path, operation }) =>
    html`<li><a href="#${operation.operationId}">${methodMark(method)}<span>${path}</span></a></li>
`,
)}</ul>
`,
)}<h2>Schemas</h2><ul>${schemas.map(([name]) => html`<li><a href="#schema-${name}">${name}</a></li>`)}</ul>
</nav>
<main>
<h1 id="begin">${title} API</h1>
<p class="quiet">Version ${version} · <a href="/openapi.json">openapi.json</a> · <a href="/admin/queues">queues</a></p>
${prose(description)}
${begin()}
${chapters.map(
  (chapter) => html`<section>
<h2>${chapter.name}</h2>
<p class="quiet">${chapter.description}</p>
${chapter.operations.map(({ method, path, operation }) => operationSection(method, path, operation))}</section>
`,
)}<section>
<h2>Schemas</h2>
${schemas.map(([name, schema]) => html`<h3 id="schema-${name}">${name}</h3>${schemaTable(schema, 'answered')}`)}
</section>
</main>`;
  return renderPage({ title: `${title} API`, style: DOCS_STYLE, body });
}

function begin(): Html {
  return html`<p>Log in, and send the token along; it lasts 15 minutes. The commands on this page use these names:</p>
<pre><code>API=http://127.0.0.1:3000
TOKEN=$(curl -s -X POST "$API/auth/login" -H 'Content-Type: application/json' \\
  -d '{"username":"admin","password":"your password"}' | jq -r .access_token)
curl -s "$API/backup/history?limit=5" -H "Authorization: Bearer $TOKEN" | jq</code></pre>
<p>Roles: <code>viewer</code>, <code>auditor</code>, <code>operator</code>, <code>admin</code>; each may do what the ones before it may.</p>
<p>Beside the problems of each route, any request can be answered with ${ALWAYS.map((code) => html`<code>${code}</code> `)}.</p>`;
}
