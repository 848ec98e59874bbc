import type { Operation, Parameter, Schema } from '../openapi/document.js';

/** A command that calls an operation; `$API`, `$TOKEN` and `$ID` are the reader's. */
export function curlCommand(method: string, path: string, operation: Operation): string {
  const url = path.replace(/\{(\w+)\}/g, (_, name: string) => `$${name.toUpperCase()}`);
  const query = neededQuery(operation.parameters ?? []);
  const verb = method === 'get' ? 'curl -s' : `curl -s -X ${method.toUpperCase()}`;
  const parts = [
    `${verb} "$API${url}${query}"`,
    ...(needsToken(operation) ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    ...bodyParts(operation),
  ];
  return parts.join(' ').length <= 90 ? parts.join(' ') : parts.join(' \\\n  ');
}

function needsToken({ security }: Operation): boolean {
  return security.length > 0 && security.every((choice) => Object.keys(choice).length > 0);
}

function neededQuery(parameters: readonly Parameter[]): string {
  const needed = parameters.filter((parameter) => parameter.in === 'query' && parameter.required);
  const pairs = needed.map(({ name, schema }) => `${name}=${String(sample(name, schema))}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function bodyParts({ requestBody }: Operation): string[] {
  const schema = requestBody?.content['application/json']?.schema;
  if (requestBody?.required !== true || schema === undefined) return [];
  const body = JSON.stringify(exampleOf(schema) ?? sampleObject(schema));
  return [`-H 'Content-Type: application/json'`, `-d '${body.replaceAll("'", `'\\''`)}'`];
}

/** What the schema itself gives as an example. */
export function exampleOf(schema: Schema): unknown {
  return Array.isArray(schema.examples) ? schema.examples[0] : undefined;
}

function sampleObject(schema: Schema): object {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
  const required = new Set((schema.required ?? []) as readonly string[]);
  const needed = Object.entries(properties).filter(([name]) => required.has(name));
  // Where every field may be left out but not all of them, the first stands for any.
  const shown = needed.length > 0 ? needed : Object.entries(properties).slice(0, 1);
  return Object.fromEntries(shown.map(([name, inner]) => [name, sample(name, inner)]));
}

/** A value that a reader recognizes as one to be replaced. */
function sample(name: string, schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const choices = (schema.anyOf ?? schema.oneOf) as readonly Schema[] | undefined;
  if (choices !== undefined) return sample(name, choices[0] ?? {});
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'boolean') return true;
  if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
  if (type === 'array') return [sample(name, (schema.items ?? {}) as Schema)];
  if (type === 'object') return sampleObject(schema);
  if (schema.format === 'uuid') return '00000000-0000-4000-8000-000000000000';
  if (schema.format === 'date-time') return '2026-01-31T00:00:00Z';
  return name === 'username' ? 'admin' : `your ${name}`;
}
