import { STATUS_CODES } from 'node:http';
import { problem } from '@safekeep/shared/contracts/problem';
import type { ErrorCode } from '@safekeep/shared/errors';
import type { z } from 'zod';
import type { RequestSchemas, Route } from '../route.js';
import type { DocumentedAnswer, OpenApiDocument, Operation, Parameter, Schema } from './document.js';
import { groupOf, groups } from './groups.js';
import { byStatus, problemCodes } from './problems.js';
import { toJsonSchemas } from './schemas.js';

const DESCRIPTION = `Backs up PostgreSQL databases and proves that the backups restore.

Bodies are JSON, times ISO 8601 in UTC, sizes bytes, durations seconds unless a name says otherwise. Every answer that
is not a success is a problem document (RFC 9457): branch on its \`code\`, which is stable; \`hint\` says what to do.`;

const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The `access_token` of POST /auth/login; it lasts 15 minutes.',
  },
  metricsToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'The METRICS_TOKEN of the environment, for Prometheus alone.',
  },
};

/** The parts of a route that have a schema. */
type Part = keyof RequestSchemas | 'response';
type Schemas = (route: Route, part: Part) => Schema | undefined;

/** Headers that OpenAPI describes as content types and security, and wants in no list of parameters. */
const DESCRIBED_OTHERWISE = new Set(['Accept', 'Authorization', 'Content-Type']);

/** The OpenAPI document of a table of routes, made from the schemas that validate requests. */
export function describeApi(routes: readonly Route[], version: string): OpenApiDocument {
  const { find, components } = convert(routes);
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const path = openApiPath(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, find) };
  }
  const used = new Set(routes.map((route) => groupOf(route.path)));
  return {
    openapi: '3.1.1',
    info: { title: 'Safekeep', version, description: DESCRIPTION },
    servers: [{ url: '/' }],
    tags: groups.filter((group) => used.has(group.name)),
    paths,
    components: {
      securitySchemes: SECURITY_SCHEMES,
      schemas: components,
    },
  };
}

/** `/backup/:id` as OpenAPI writes it: `/backup/{id}`. */
function openApiPath(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}');
}

function convert(routes: readonly Route[]): { find: Schemas; components: Readonly<Record<string, Schema>> } {
  const parts: Record<string, z.ZodType> = { problem };
  for (const route of routes) {
    const schemas = { ...route.request, response: route.response };
    for (const [part, schema] of Object.entries(schemas)) parts[key(route, part)] = schema;
  }
  const { converted, components } = toJsonSchemas(parts);
  return { find: (route, part) => converted[key(route, part)], components };
}

function key(route: Route, part: string): string {
  return `${route.method} ${route.path} ${part}`;
}

function operation(route: Route, find: Schemas): Operation {
  const body = find(route, 'body');
  const parameters = [
    ...parametersOf(find(route, 'params'), 'path'),
    ...parametersOf(find(route, 'query'), 'query'),
    ...parametersOf(find(route, 'headers'), 'header').filter(({ name }) => !DESCRIBED_OTHERWISE.has(name)),
  ];
  return {
    operationId: operationId(route),
    tags: [groupOf(route.path)],
    summary: route.summary,
    description: [route.description, whoMay(route)].filter(Boolean).join('\n\n'),
    security: security(route),
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: { required: isNeeded(route), content: { 'application/json': { schema: body } } },
    }),
    responses: answers(route, find),
  };
}

/** `POST /backup/:id/verify` becomes `postBackupIdVerify`. */
function operationId(route: Route): string {
  const words = route.path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return (
    route.method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  );
}

function whoMay({ role, optionalToken, metricsToken }: Route): string {
  if (role !== null) return `Needs the role \`${role}\`.`;
  if (metricsToken) return 'Needs no access token.';
  return optionalToken ? 'Needs no token; one that is sent must be valid.' : 'Needs no token.';
}

function security({ role, optionalToken, metricsToken }: Route): Operation['security'] {
  if (role !== null) return [{ bearer: [] }];
  // An empty requirement is one that everybody meets.
  if (metricsToken) return [{}, { metricsToken: [] }];
  return optionalToken ? [{}, { bearer: [] }] : [];
}

/** A body that may be left out stands for an empty object. */
function isNeeded(route: Route): boolean {
  return route.request.body?.safeParse({}).success === false;
}

function parametersOf(schema: Schema | undefined, place: Parameter['in']): Parameter[] {
  const required = (schema?.required ?? []) as readonly string[];
  const properties = (schema?.properties ?? {}) as Readonly<Record<string, Schema>>;
  return Object.entries(properties).map(([name, { description, ...inner }]) => ({
    name: place === 'header' ? headerName(name) : name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(typeof description === 'string' && { description }),
    schema: inner,
  }));
}

/** Express tells header names in lower case; people write `Idempotency-Key`. */
function headerName(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (letters) => letters.toUpperCase());
}

function answers(route: Route, find: Schemas): Record<string, DocumentedAnswer> {
  const own = Object.entries(route.answerHeaders ?? {}).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ]);
  const success: DocumentedAnswer = {
    description: STATUS_CODES[route.status] ?? 'Success',
    headers: { 'X-Request-Id': REQUEST_ID, ...Object.fromEntries(own) },
    content: contentOf(route, find(route, 'response') ?? {}),
  };
  const problems = byStatus(problemCodes(route)).map(([status, codes]) => [status, problemAnswer(codes)]);
  return { [route.status]: success, ...Object.fromEntries(problems) };
}

function contentOf(route: Route, schema: Schema): NonNullable<DocumentedAnswer['content']> {
  const types = route.produces ?? ['application/json'];
  return Object.fromEntries(
    types.map((type) => [type, { schema: type === 'application/json' ? schema : { type: 'string' } }]),
  );
}

const REQUEST_ID = {
  description: 'The id of this request, which the log of the API has too.',
  schema: { type: 'string', format: 'uuid' },
};
const RETRY_AFTER = { description: 'Seconds to wait.', schema: { type: 'integer' } };

function problemAnswer(codes: readonly ErrorCode[]): DocumentedAnswer {
  const schema = {
    allOf: [
      { $ref: '#/components/schemas/Problem' },
      { type: 'object', properties: { code: { enum: codes } } },
    ],
  };
  const waits = codes.includes('TOO_MANY_REQUESTS');
  return {
    description: codes.join(', '),
    headers: { 'X-Request-Id': REQUEST_ID, ...(waits && { 'Retry-After': RETRY_AFTER }) },
    content: { 'application/problem+json': { schema } },
  };
}
