/** One line on stderr that says what is being done, where stderr is a terminal. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #live: boolean;
  #shown = false;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
    this.#live = stream.isTTY === true && process.env.CI === undefined;
  }

  show(text: string): void {
    if (!this.#live) return;
    const width = Math.max(20, this.#stream.columns ?? 80);
    this.#stream.write(`\r\u001b[K${text.slice(0, width - 1)}`);
    this.#shown = true;
  }

  /** Removes the line, so that results don't run into it. */
  clear(): void {
    if (!this.#shown) return;
    this.#stream.write('\r\u001b[K');
    this.#shown = false;
  }
}
