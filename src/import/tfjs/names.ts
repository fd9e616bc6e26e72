/** Names that are unique in one graph, each allocated in constant time. */
export class Names {
  private readonly taken = new Set<string>();
  private readonly counts = new Map<string, number>();

  /** `name`, or `name_1`, `name_2`, … where it is taken. */
  unique(name: string): string {
    let candidate = name;
    for (let count = this.counts.get(name) ?? 0; this.taken.has(candidate);) {
      count++;
      this.counts.set(name, count);
      candidate = `${name}_${count}`;
    }
    this.taken.add(candidate);
    return candidate;
  }
}

/** `scope/name`, or `name` outside all scopes. */
export function scoped(scope: string, name: string): string {
  return scope === '' ? name : `${scope}/${name}`;
}
