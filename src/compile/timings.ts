/** Wall-clock times of the compiler's stages, for `--timings`. */
export class Timings {
  readonly #entries: { readonly stage: string; readonly milliseconds: number }[] = [];
  readonly #onStage: (stage: string) => void;

  /** @param onStage Told when a stage begins, for progress. */
  constructor(onStage: (stage: string) => void = () => undefined) {
    this.#onStage = onStage;
  }

  get entries(): readonly { readonly stage: string; readonly milliseconds: number }[] {
    return this.#entries;
  }

  begin(stage: string): void {
    this.#onStage(stage);
  }

  add(stage: string, milliseconds: number): void {
    this.#entries.push({ stage, milliseconds });
  }

  time<T>(stage: string, work: () => T): T {
    this.begin(stage);
    const start = performance.now();
    try {
      return work();
    } finally {
      this.add(stage, performance.now() - start);
    }
  }

  async timeAsync<T>(stage: string, work: () => Promise<T>): Promise<T> {
    this.begin(stage);
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.add(stage, performance.now() - start);
    }
  }
}
