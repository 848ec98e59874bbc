import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { ERRORS, type ErrorCode, fail, SafekeepError } from '../src/errors.js';

const PACKAGES = fileURLToPath(new URL('../..', import.meta.url));

/** One `fail(` in the source code: the text between its brackets. */
interface Call {
  readonly place: string;
  readonly text: string;
}

function callsOfFail(): Call[] {
  const calls: Call[] = [];
  for (const name of readdirSync(PACKAGES)) {
    for (const path of readdirSync(join(PACKAGES, name, 'src'), { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.ts') || path === 'errors.ts') continue;
      const code = readFileSync(join(PACKAGES, name, 'src', path), 'utf8');
      for (const match of code.matchAll(/(?<![.#])\bfail\(/g)) {
        const text = untilClosed(code, match.index + match[0].length, ')');
        calls.push({ place: `${name}/${path}`, text });
      }
    }
  }
  return calls;
}

/** The code from `start` to the bracket that closes what was open there. Strings here hold no lone brackets. */
function untilClosed(code: string, start: number, closing: string): string {
  for (let at = start, depth = 0; at < code.length; at += 1) {
    const character = code[at] ?? '';
    if (depth === 0 && character === closing) return code.slice(start, at);
    if ('({['.includes(character)) depth += 1;
    if (')}]'.includes(character)) depth -= 1;
  }
  throw new Error('a bracket is not closed');
}

/** The names in an object literal, or `null` when the call names a variable instead. */
function parameterNames(text: string): string[] | null {
  const literal = /^\s*'\w+'\s*,\s*\{/.exec(text);
  if (literal === null) return /^\s*'\w+'\s*$/.test(text) ? [] : null;
  const body = untilClosed(text, literal[0].length, '}');
  const parts = splitAtTop(body);
  return parts.map((part) => /^\w+/.exec(part)?.[0] ?? part);
}

function splitAtTop(text: string): string[] {
  const parts: string[] = [''];
  let depth = 0;
  for (const character of text.replace(/`[^`]*`|'[^']*'/g, '0')) {
    if ('({['.includes(character)) depth += 1;
    if (')}]'.includes(character)) depth -= 1;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function placeholders(code: ErrorCode): string[] {
  const { message, hint } = ERRORS[code];
  return [...new Set([...`${message}${hint}`.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string))];
}

/** Calls whose code or parameters only the running program knows; each has a test of its own that throws it. */
const THROWN_ELSEWHERE = [
  'api/middleware/unknown-route.ts',
  'api/server.ts',
  'worker/postgres/snapshot.ts',
  'worker/postgres/source-failure.ts',
];

describe('the catalogue of errors', () => {
  const calls = callsOfFail();

  it('says of every error what happened and what to do, in sentences', () => {
    for (const [code, spec] of Object.entries(ERRORS)) {
      expect(spec.message, code).to.match(/^(\p{Lu}|\{|pg_dump )[\s\S]*[.}]$/u);
      expect(spec.hint, code).to.match(/^(\p{Lu}[\s\S]*\.|\{advice\})$/u);
      expect(spec.httpStatus, code).to.be.within(400, 599);
    }
  });

  it('has no error that nobody throws, and nobody throws one that it lacks', () => {
    const text = calls.map((call) => call.text).join('\n');
    const elsewhere = ['source-failure.ts', 'snapshot.ts'].map((name) =>
      readFileSync(join(PACKAGES, 'worker/src/postgres', name), 'utf8'),
    );
    const api = readdirSync(join(PACKAGES, 'api/src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(join(PACKAGES, 'api/src', path), 'utf8'));
    const all = [text, ...elsewhere, ...api].join('\n');
    const unused = Object.keys(ERRORS).filter((code) => !all.includes(`'${code}'`));
    expect(unused).to.deep.equal([]);
    const named = calls.flatMap((call) => /^\s*'(\w+)'/.exec(call.text)?.[1] ?? []);
    expect(named.length).to.be.greaterThan(30);
    expect(named.filter((code) => !(code in ERRORS))).to.deep.equal([]);
  });

  it('gets every parameter of its sentences wherever an error is made', () => {
    const unread: string[] = [];
    for (const { place, text } of calls) {
      const code = /^\s*'(\w+)'/.exec(text)?.[1] as ErrorCode | undefined;
      const given = code === undefined ? null : parameterNames(text);
      if (code === undefined || given === null) unread.push(place);
      else expect(given, `${place}: ${text}`).to.have.members(placeholders(code));
    }
    expect([...new Set(unread)]).to.have.members(THROWN_ELSEWHERE);
  });

  it('fills its sentences, and never a sentence out of a parameter', () => {
    const error = fail('SOURCE_UNKNOWN', { source: '{known} $& $1', known: 'main' });
    expect(error.message).to.equal('There is no source named "{known} $& $1"; known are: main.');
    expect(error.hint).to.not.match(/\{\w+\}/);
  });

  it('keeps the cause, and gives the edges what they need', () => {
    const cause = new Error('x');
    const error = fail('DISK_FULL', {}, cause);
    expect(error).to.be.instanceOf(SafekeepError).and.include({
      name: 'SafekeepError',
      code: 'DISK_FULL',
      cause,
      httpStatus: 507,
      exitCode: 1,
      retryable: false,
    });
  });

  it('says that another attempt can help only where nobody has to act first', () => {
    const conditions: ErrorCode[] = ['DISK_FULL', 'SPACE_TOO_SMALL', 'PG_DUMP_MISSING', 'DUMP_REFUSED'];
    for (const code of [...conditions, 'CONFIG_INVALID', 'SOURCE_LOGIN_FAILED'] as ErrorCode[])
      expect(ERRORS[code].retryable, code).to.equal(false);
    const passing: ErrorCode[] = ['SOURCE_UNREACHABLE', 'RUN_FENCED', 'RUN_INTERRUPTED', 'QUEUE_UNAVAILABLE'];
    for (const code of passing) expect(ERRORS[code].retryable, code).to.equal(true);
  });
});
