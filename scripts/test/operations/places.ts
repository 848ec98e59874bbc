/** Where a site has what the documents name, by the name in the documents. */
export type Places = Readonly<Record<string, string>>;

/** Puts a site's places in for those of a document, in one pass, for a place may hold another's name. */
export function putIn(block: string, places: Places): string {
  const names = Object.keys(places).map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const place = new RegExp(`(?<![\\w./}-])(${names.join('|')})(?![\\w-])`, 'g');
  return block.replaceAll(place, (name) => places[name] ?? name);
}
