/** Exit codes of the command line. */
export const EXIT = { done: 0, wrongInput: 1, usage: 2, different: 3 } as const;

/** A command was called wrongly: exit 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** Verification found a difference; it has been reported already: exit 3. */
export class DifferenceError extends Error {
  constructor() {
    super('verification found a difference');
    this.name = 'DifferenceError';
  }
}
