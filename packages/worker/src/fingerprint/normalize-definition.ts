const CAST =
  /::(?:"[^"]+"|[a-z_][\w.]*)(?:\(\d+\))?(?: (?:varying|precision|with(?:out)? time zone))?(?:\(\d+(?:,\d+)?\))?(?:\[\])*/g;
/** Parentheses around a name, a literal or an array; those of a call stand behind a word. */
const NEEDLESS = /(?<![\w"])\(((?:ARRAY\[[^()[\]]*\]|'(?:[^']|'')*'|[\w."-]+))\)/g;

/**
 * What is left of a printed definition when what a dump and restore alone can change is taken off: PostgreSQL prints
 * `(x)::text = ANY ((ARRAY['a'::character varying])::text[])` of a new constraint and
 * `(x)::text = ANY (ARRAY[('a'::character varying)::text])` of its restored copy. So casts and parentheses around single
 * things do not count, nor does white space.
 */
export function normalizeDefinition(definition: string): string {
  let text = definition.replace(CAST, '').replace(/\s+/g, ' ');
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(NEEDLESS, '$1');
  }
  return text.replace(/\s+/g, '');
}
