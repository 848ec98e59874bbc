/** What a run has met, by kind; at its end it tells whether it met all that it should. */
export class Tally {
  readonly #counts = new Map<string, Map<string, number>>();

  add(group: string, kind: string, times = 1): void {
    const kinds = this.#counts.get(group) ?? new Map<string, number>();
    kinds.set(kind, (kinds.get(kind) ?? 0) + times);
    this.#counts.set(group, kinds);
  }

  met(group: string, kind: string): number {
    return this.#counts.get(group)?.get(kind) ?? 0;
  }

  missing(group: string, kinds: readonly string[]): string[] {
    return kinds.filter((kind) => this.met(group, kind) === 0).map((kind) => `${group}: ${kind}`);
  }

  toString(): string {
    return [...this.#counts]
      .map(([group, kinds]) => {
        const listed = [...kinds].sort(([left], [right]) => (left < right ? -1 : 1));
        return `${group}: ${listed.map(([kind, times]) => `${kind} ${times}`).join(', ')}`;
      })
      .join('\n');
  }
}
