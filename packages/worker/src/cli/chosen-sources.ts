import { requireSource } from '@safekeep/shared/policy/require-source';

/** The sources that a command is about: the one of --source, or all. @throws SafekeepError SOURCE_UNKNOWN */
export function chosenSources(
  configured: readonly string[],
  { source }: { readonly source?: string },
): readonly string[] {
  if (source === undefined) return configured;
  requireSource(source, configured);
  return [source];
}
