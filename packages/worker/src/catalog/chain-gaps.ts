/** What the sidecars of one source say of their order. */
export interface Link {
  readonly fileName: string;
  /** From 1, one more for each finished backup of the source. */
  readonly sequence: number;
  readonly hmac: string;
  /** HMAC of the sidecar before it. */
  readonly previousHmac: string | null;
}

/**
 * Where a chain of sidecars has holes: numbers that are not there (retention removed them, or somebody did), and sidecars
 * that do not follow the one before them (an older one was put back, or two were written at the same time). Sentences.
 */
export function gapsOf(links: readonly Link[]): string[] {
  const ordered = [...links].sort((a, b) => a.sequence - b.sequence);
  const found: string[] = [];
  for (const [at, link] of ordered.entries()) {
    const before = ordered[at - 1];
    const missing = link.sequence - (before?.sequence ?? 0) - 1;
    if (missing > 0) {
      const from = link.sequence - missing;
      const numbers = missing === 1 ? `number ${from}` : `numbers ${from} to ${link.sequence - 1}`;
      found.push(`${numbers} before ${link.fileName}: not there; retention removed them, or they are lost`);
    } else if (before !== undefined && link.previousHmac !== before.hmac) {
      found.push(`${link.fileName} does not follow ${before.fileName}`);
    }
  }
  return found;
}
