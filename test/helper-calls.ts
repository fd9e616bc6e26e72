/** Calling helpers of rules in tests. */
import type * as tfjs from '@tensorflow/tfjs-core';

/** Where a call stands that is in no rule file. */
export const noPlace = { file: '', start: 0, end: 0 };

/** What predictions of emitted modules go through. */
export interface Predictor {
  predict<I extends readonly tfjs.Tensor[], R extends tfjs.TensorContainer>(
    inputs: readonly [...I],
    run: (...inputs: I) => R,
  ): R;
  dispose(): void;
}
