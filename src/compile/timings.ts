/** Times of the compiler's stages, for `--timings`. */
export class Timings {
  readonly #entries: { readonly stage: string; readonly milliseconds: number }[] = [];
  readonly #onStage: (stage: string) => void;
  readonly #clock: () => number;

  /**
   * @param onStage Told when a stage begins, for progress.
   * @param clock Milliseconds since some moment: wall-clock time unless another clock is given.
   */
  constructor(
    onStage: (stage: string) => void = () => undefined,
    clock: () => number = () => performance.now(),
  ) {
    this.#onStage = onStage;
    this.#clock = clock;
  }

  get entries(): readonly { readonly stage: string; readonly milliseconds: number }[] {
    return this.#entries;
  }

  time<T>(stage: string, work: () => T): T {
    const end = this.#begin(stage);
    try {
      return work();
    } finally {
      end();
    }
  }

  async timeAsync<T>(stage: string, work: () => Promise<T>): Promise<T> {
    const end = this.#begin(stage);
    try {
      return await work();
    } finally {
      end();
    }
  }

  #begin(stage: string): () => void {
    this.#onStage(stage);
    const start = this.#clock();
    return () => this.#entries.push({ stage, milliseconds: this.#clock() - start });
  }
}
