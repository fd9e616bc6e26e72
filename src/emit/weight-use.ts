/** What a module does with the weights that its reader makes. */

/** What becomes of weights. */
export interface WeightUse {
  /** Whether they are variables. */
  readonly trainable: boolean;
  /** Whether a weight may be asked for more than once: it is the same one then. */
  readonly shared: boolean;
  /** The class that predictions go through, if it gets to see each weight. */
  readonly predictor: string | null;
}

/** Notes a tensor that was made. */
export function noteText({ predictor }: WeightUse): string {
  const keep = predictor === null ? '' : `    ${predictor}.keep(tensor);\n`;
  return `    made.push(tensor);\n${keep}`;
}
