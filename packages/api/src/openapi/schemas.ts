import { z } from 'zod';
import type { Schema } from './document.js';
import { nameSchemas } from './names.js';

/**
 * Turns schemas into JSON Schema, all at once, so that those with a name (names.ts) become one component each.
 * What travels over the wire is the input side of every schema here: a time is text, a default may be left out.
 */
export function toJsonSchemas(schemas: Readonly<Record<string, z.ZodType>>): {
  readonly converted: Readonly<Record<string, Schema>>;
  readonly components: Readonly<Record<string, Schema>>;
} {
  nameSchemas();
  const all = z.toJSONSchema(z.object(schemas), {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      trim(jsonSchema);
      // zod leaves out the examples of what is transformed as it is read; ours are of what travels.
      const { examples } = z.globalRegistry.get(zodSchema) ?? {};
      if (Array.isArray(examples)) jsonSchema.examples = examples;
    },
  });
  return {
    converted: pointToComponents(all.properties ?? {}) as Record<string, Schema>,
    components: pointToComponents(all.$defs ?? {}) as Record<string, Schema>,
  };
}

/** Takes away what a reader learns nothing from: the pattern behind a format, the limits of every whole number. */
function trim(schema: Record<string, unknown>): void {
  if (schema.format === 'uuid' || schema.format === 'date-time') delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

/** An OpenAPI document keeps named schemas elsewhere than JSON Schema does, under their names and not with an `id`. */
function pointToComponents(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pointToComponents);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([name]) => name !== 'id' || typeof (value as { id: unknown }).id !== 'string')
    .map(([name, inner]) => [
      name,
      name === '$ref' ? String(inner).replace('#/$defs/', '#/components/schemas/') : pointToComponents(inner),
    ]);
  return Object.fromEntries(entries);
}
