import type { Schema } from '../openapi/document.js';

/** One field of a body, answer or named schema, as a row of a table. */
export interface Field {
  /** With the names of what it is in: `error.code`, `backups[].id`. */
  readonly name: string;
  readonly type: TypeName;
  readonly required: boolean;
  readonly description: string;
}

/** A type in words, and the named schemas that it speaks of. */
export interface TypeName {
  readonly text: string;
  readonly references: readonly string[];
}

const REFERENCE = '#/components/schemas/';

/** What stands inside a schema; nothing for one that has no fields of its own. */
export function fieldsOf(schema: Schema, prefix = ''): Field[] {
  const properties = schema.properties as Readonly<Record<string, Schema>> | undefined;
  if (properties === undefined) return [];
  const required = new Set((schema.required ?? []) as readonly string[]);
  return Object.entries(properties).flatMap(([name, inner]) => {
    const own: Field = {
      name: prefix + name,
      type: typeOf(inner),
      required: required.has(name),
      description: [inner.description ?? withoutNull(inner).description, defaultOf(inner)]
        .filter(Boolean)
        .join(' '),
    };
    return [own, ...insideOf(inner, prefix + name)];
  });
}

function insideOf(schema: Schema, name: string): Field[] {
  const present = withoutNull(schema);
  if (present.items !== undefined) return fieldsOf(withoutNull(present.items as Schema), `${name}[].`);
  return fieldsOf(present, `${name}.`);
}

function defaultOf(schema: Schema): string {
  return schema.default === undefined ? '' : `Default: \`${JSON.stringify(schema.default)}\`.`;
}

/** `X or null` is X for whoever looks inside. */
function withoutNull(schema: Schema): Schema {
  const choices = (schema.anyOf ?? []) as readonly Schema[];
  const [only, ...others] = choices.filter((choice) => choice.type !== 'null');
  return only !== undefined && others.length === 0 ? only : schema;
}

export function typeOf(schema: Schema): TypeName {
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.replace(REFERENCE, '');
    return { text: name, references: [name] };
  }
  const choices = (schema.anyOf ?? schema.oneOf) as readonly Schema[] | undefined;
  if (choices !== undefined) return joined(choices.map(typeOf));
  if (Array.isArray(schema.type)) return joined(schema.type.map((type) => typeOf({ ...schema, type })));
  if (schema.type === 'array') {
    const inner = typeOf((schema.items ?? {}) as Schema);
    return { ...inner, text: `array of ${inner.text}` };
  }
  return { text: plainType(schema), references: [] };
}

function joined(types: readonly TypeName[]): TypeName {
  const texts = [...new Set(types.map((type) => type.text))];
  return { text: texts.join(' or '), references: types.flatMap((type) => type.references) };
}

function plainType(schema: Schema): string {
  if (schema.type === 'null') return 'null';
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(', ');
  const name = typeof schema.format === 'string' ? schema.format : String(schema.type ?? 'anything');
  return [name, limits(schema)].filter(Boolean).join(' ');
}

/** Patterns against control characters are none that a reader would want to see. */
function like(pattern: string): string {
  return /\\p\{C/i.test(pattern) ? 'without control characters' : `like ${pattern}`;
}

function limits({ minimum, maximum, minLength, maxLength, pattern }: Schema): string {
  const range = (low: unknown, high: unknown, unit: string) => {
    if (low !== undefined && high !== undefined) return `${low} to ${high}${unit}`;
    if (low !== undefined) return `from ${low}${unit}`;
    return high === undefined ? '' : `up to ${high}${unit}`;
  };
  const parts = [
    range(minimum, maximum, ''),
    range(minLength, maxLength, ' characters'),
    typeof pattern === 'string' ? like(pattern) : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}
