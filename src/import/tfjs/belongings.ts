/** Tensors of a model, to be disposed of together: TensorFlow.js only tracks what is made inside a scope. */
import type * as Tf from '@tensorflow/tfjs';
import type { TensorFlow } from './tensorflow.js';

export class Belongings {
  private readonly tensors = new Set<Tf.Tensor>();

  constructor(private readonly tf: TensorFlow) {}

  /** Runs `work`; tensors and variables that it makes and leaves behind belong here from now on. */
  async collect<T>(work: () => Promise<T>): Promise<T> {
    const engine = this.tf.engine();
    const variables = new Set(Object.values(engine.registeredVariables));
    const keep = engine.keep.bind(engine);
    // Tensors that a function keeps are in no scope's list when they were made in an inner one.
    engine.keep = (tensor) => {
      this.tensors.add(tensor);
      return keep(tensor);
    };
    engine.startScope('belongings');
    try {
      return await work();
    } finally {
      const made = engine.state.activeScope.track.filter((tensor) => !tensor.isDisposed);
      engine.endScope(made);
      Reflect.deleteProperty(engine, 'keep');
      for (const tensor of this.tensors) if (tensor.isDisposed) this.tensors.delete(tensor);
      for (const tensor of made) this.tensors.add(tensor);
      for (const variable of Object.values(engine.registeredVariables)) {
        if (!variables.has(variable)) this.tensors.add(variable);
      }
    }
  }

  /** Disposes of them all. */
  dispose(): void {
    for (const tensor of this.tensors) if (!tensor.isDisposed) tensor.dispose();
    this.tensors.clear();
  }
}
