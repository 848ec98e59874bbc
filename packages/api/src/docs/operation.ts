import { type Html, html } from '@safekeep/shared/html';
import type { DocumentedAnswer, Operation, Parameter, Schema } from '../openapi/document.js';
import { ALWAYS } from '../openapi/problems.js';
import { inline, prose } from '../pages/prose.js';
import { curlCommand, exampleOf } from './curl.js';
import { type Field, fieldsOf, type TypeName, typeOf } from './fields.js';

/** Whether a schema describes what callers send or what they are answered. */
type Way = 'sent' | 'answered';

export function methodMark(method: string): Html {
  return html`<span class="method ${method}">${method.toUpperCase()}</span>`;
}

/** One route: what it does, what it takes, what it answers, and a command to try. */
export function operationSection(method: string, path: string, operation: Operation): Html {
  const body = operation.requestBody?.content['application/json']?.schema;
  return html`<article>
<h3 id="${operation.operationId}">${methodMark(method)}<code>${path}</code>${roleMark(operation)}</h3>
<p><strong>${operation.summary}.</strong></p>
${prose(operation.description)}
<pre><code>${curlCommand(method, path, operation)}</code></pre>
${operation.parameters && html`<h4>Parameters</h4>${parameterTable(operation.parameters)}`}
${body && html`<h4>Body${operation.requestBody?.required === false && ', may be left out'}</h4>${schemaTable(body, 'sent')}${operation.requestBody?.required === false && exampleLine(body)}`}
<h4>Answers</h4>
${answerTable(operation.responses)}
</article>
`;
}

function exampleLine(schema: Schema): Html | false {
  const example = exampleOf(schema);
  return example !== undefined && html`<p>For example <code>${JSON.stringify(example)}</code></p>`;
}

function roleMark({ security, description }: Operation): Html {
  const [, role] = /Needs the role `(\w+)`/.exec(description) ?? [];
  const token = security.some((choice) => 'metricsToken' in choice)
    ? 'METRICS_TOKEN where set'
    : 'token optional';
  return html`<span class="role">${role ?? (security.length === 0 ? 'no token' : token)}</span>`;
}

function parameterTable(parameters: readonly Parameter[]): Html {
  const fields = parameters.map((parameter) => {
    const [field] = fieldsOf({ properties: { [parameter.name]: parameter.schema } });
    const description = [parameter.description, field?.description].filter(Boolean).join(' ');
    return {
      place: parameter.in,
      name: parameter.name,
      type: typeOf(parameter.schema),
      required: parameter.required,
      description,
    };
  });
  return html`<div class="wide"><table><thead><tr><th>name</th><th>in</th><th>type</th><th></th></tr></thead><tbody>
${fields.map(
  (
    field,
  ) => html`<tr><td><code>${field.name}</code></td><td>${field.place}</td><td class="type">${typeCell(field.type)}</td><td>${presence(field.required, 'sent')} ${inline(field.description)}</td></tr>
`,
)}</tbody></table></div>`;
}

/** The fields of a schema, or its type in words where it has none. */
export function schemaTable(schema: Schema, way: Way): Html {
  const fields = fieldsOf(schema.items === undefined ? schema : (schema.items as Schema));
  if (fields.length === 0) return html`<p>${typeCell(typeOf(schema))}</p>`;
  return html`${schema.items !== undefined && html`<p>An array, each with:</p>`}<div class="wide"><table><thead><tr><th>field</th><th>type</th><th></th></tr></thead><tbody>
${fields.map((field) => fieldRow(field, way))}</tbody></table></div>`;
}

function fieldRow(field: Field, way: Way): Html {
  return html`<tr><td><code>${field.name}</code></td><td class="type">${typeCell(field.type)}</td><td>${presence(field.required, way)} ${inline(field.description)}</td></tr>
`;
}

/** Says what is not the rule: of what is sent most may be left out, in an answer nearly all is there. */
function presence(required: boolean, way: Way): Html | false {
  if (way === 'answered') return !required && html`<span class="needed">not always</span>`;
  return required && html`<span class="needed">needed</span>`;
}

/** A type in words, the names in it as links. */
function typeCell({ text, references }: TypeName): Html {
  const [only] = references;
  if (only === undefined) return html`${text}`;
  const [before = '', after = ''] = text.split(only, 2);
  return html`${before}<a href="#schema-${only}">${only}</a>${after}`;
}

function answerTable(responses: Operation['responses']): Html {
  const rows = Object.entries(responses).map(([status, answer]) => {
    const told = Number(status) < 400 ? success(answer) : problems(answer);
    return told && html`<tr><td><code>${status}</code></td><td>${told}</td></tr>\n`;
  });
  return html`<div class="wide"><table><tbody>\n${rows}</tbody></table></div>`;
}

function success({ content = {}, headers = {} }: DocumentedAnswer): Html {
  const own = Object.entries(headers).filter(([name]) => name !== 'X-Request-Id');
  return html`${Object.entries(content).map(
    ([type, { schema }]) =>
      html`<div><span class="quiet">${type}</span>${schema.$ref !== undefined || type !== 'application/json' ? html` ${type === 'application/json' && typeCell(typeOf(schema))}` : schemaTable(schema, 'answered')}</div>`,
  )}${own.map(([name, header]) => html`<div>Header <code>${name}</code>: ${header.description}</div>`)}`;
}

/** The codes of a status, less those that the page tells once for all routes. */
function problems({ description, headers = {} }: DocumentedAnswer): Html | false {
  const own = description.split(', ').filter((code) => !ALWAYS.some((common) => common === code));
  const waits = headers['Retry-After'] && html` with <code>Retry-After</code>`;
  return (
    own.length > 0 &&
    html`<span class="codes">${own.map((code) => html`<code>${code}</code> `)}</span>${waits}`
  );
}
