import { ERRORS, type ErrorCode } from '@safekeep/shared/errors';
import { z } from 'zod';
import type { Route } from '../../src/route.js';

/** A request that must be refused, as what is sent in place of the valid parts. */
export interface WrongRequest {
  readonly what: string;
  readonly code: ErrorCode;
  readonly param?: string;
  readonly query?: string;
  /** In place of the whole body, as text. */
  readonly text?: string;
  readonly contentType?: string;
  /** In place of one field of the body. */
  readonly field?: Readonly<Record<string, unknown>>;
}

const NOBODY = 'f3b7a0d2-6b3f-4a51-8f61-2d0e2f6f9b11';
const NO_IDS = ['1', 'latest', `${NOBODY}0`, "' OR 1=1 --", 'null', NOBODY.replace('-', '')];
const NO_NUMBERS = ['', '-1', '1.5', '1e99', 'NaN', 'Infinity', '99999999999999999999', 'ten', '1;2', '+-1'];
const NO_DATES = ['', 'yesterday', '2026-01-31', '2026-02-30T00:00:00Z', '2026-01-31T25:00:00Z', '0', '-1'];
const NO_WORDS = ['', '\0', '\u0085', '../etc', "'; DROP TABLE backups --", 'x'.repeat(300)];
const NO_FIELDS = [{}, [{}], -1, 1e300, 'a\0b', '\ud800', null];
/** What is no mistake after all: `null` takes an override back, and a password may hold any sign. */
const MEANT: Readonly<Record<string, readonly unknown[]>> = { cron: [null], password: ['a\0b', '\ud800'] };

/** All that is wrong and can be sent to a route, as its schemas tell. */
export function wrongRequests(route: Route): WrongRequest[] {
  return [
    { what: 'an unknown query parameter', code: 'REQUEST_INVALID', query: 'unheard=1' },
    { what: 'a query parameter named __proto__', code: 'REQUEST_INVALID', query: '__proto__=1' },
    ...wrongParams(route),
    ...Object.entries(fieldsOf(route.request.query)).flatMap(([name, schema]) => wrongQuery(name, schema)),
    ...(route.request.body === undefined ? [] : wrongBodies(route.request.body, route)),
  ];
}

function wrongParams(route: Route): WrongRequest[] {
  const [name] = Object.keys(fieldsOf(route.request.params));
  if (name === undefined) return [];
  if (name !== 'id') return [{ what: `an unknown ${name}`, code: unknownOf(route), param: 'unheard' }];
  return [
    { what: 'an unknown id', code: unknownOf(route), param: NOBODY },
    ...NO_IDS.map(
      (id): WrongRequest => ({
        what: `the id ${id}`,
        code: 'REQUEST_INVALID',
        param: encodeURIComponent(id),
      }),
    ),
  ];
}

function wrongQuery(name: string, schema: z.ZodType): WrongRequest[] {
  return wrongTexts(schema).map((text) => ({
    what: `${name}=${text.slice(0, 40)}`,
    code: 'REQUEST_INVALID',
    query: `${name}=${encodeURIComponent(text)}`,
  }));
}

/** What a parameter cannot be, by what it takes. */
function wrongTexts(schema: z.ZodType): readonly string[] {
  if (typeof schema.safeParse('1').data === 'number') return NO_NUMBERS;
  if (schema.safeParse('2026-01-31T00:00:00Z').data instanceof Date) return NO_DATES;
  // A free word, such as who acted, may hold any sign that can be seen.
  return schema.safeParse('../etc').success
    ? NO_WORDS.filter((word) => !/^[\x20-\x7e]{1,200}$/.test(word))
    : NO_WORDS;
}

function wrongBodies(schema: z.ZodType, route: Route): WrongRequest[] {
  const wrong = (
    what: string,
    code: ErrorCode,
    text: string,
    contentType = 'application/json',
  ): WrongRequest => ({
    what,
    code,
    text,
    contentType,
  });
  return [
    wrong('a body that is no JSON', 'BODY_MALFORMED', '{"'),
    wrong('a body that is an array', 'REQUEST_INVALID', '[]'),
    wrong('a body that is null', 'REQUEST_INVALID', 'null'),
    wrong('a body that is a text', 'REQUEST_INVALID', '"main"'),
    wrong('a body that is too large', 'BODY_TOO_LARGE', JSON.stringify('x'.repeat(102_400))),
    wrong('a form', 'CONTENT_TYPE_UNSUPPORTED', 'source=main', 'application/x-www-form-urlencoded'),
    { what: 'an unknown field', code: 'REQUEST_INVALID', field: { unheard: 1 } },
    ...Object.keys(fieldsOf(schema)).flatMap((name) => wrongField(name, route)),
  ];
}

function wrongField(name: string, route: Route): WrongRequest[] {
  const wrong = (value: unknown, code: ErrorCode = 'REQUEST_INVALID'): WrongRequest => ({
    what: `${name}: ${JSON.stringify(value)}`,
    code,
    field: { [name]: value },
  });
  const values = NO_FIELDS.filter((value) => !MEANT[name]?.includes(value)).map((value) => wrong(value));
  if (name === 'source') values.push(wrong('unheard', unknownSourceOf(route)));
  if (/Id$/.test(name)) values.push(wrong(NOBODY, unknownOf(route)), ...NO_IDS.map((id) => wrong(id)));
  return values;
}

/** The route's own 404. */
function unknownOf({ errors }: Route): ErrorCode {
  const [code] = errors.filter((error) => ERRORS[error].httpStatus === 404);
  if (code === undefined) throw new Error('a route that takes an id needs an error for one that is unknown');
  return code;
}

function unknownSourceOf({ errors }: Route): ErrorCode {
  return errors.includes('SCHEDULE_UNKNOWN') ? 'SCHEDULE_UNKNOWN' : 'SOURCE_UNKNOWN';
}

function fieldsOf(schema: z.ZodType | undefined): Readonly<Record<string, z.ZodType>> {
  return schema instanceof z.ZodObject ? (schema.shape as Record<string, z.ZodType>) : {};
}
