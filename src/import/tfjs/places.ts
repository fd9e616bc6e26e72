/** Where in the model the trace is: the module that runs, or else a line of the user's code. */
import { fileURLToPath } from 'node:url';
import { relative } from 'node:path';
import type * as Tf from '@tensorflow/tfjs';
import type { TensorFlow } from './tensorflow.js';

/** A position in a source file; line and column are 1-based. */
export interface CodePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Maps a position in code that was generated (from TypeScript) back to what its author wrote. */
export type Locate = (place: CodePlace) => CodePlace;

const ownFolder = fileURLToPath(new URL('.', import.meta.url));

/** The innermost frame of a stack that is neither TensorFlow.js nor the importer, or null. */
export function codePlace(stack: string | undefined, locate: Locate): CodePlace | null {
  for (const line of stack?.split('\n') ?? []) {
    const match = /(?:\(|at (?:async )?)((?:file:\/\/|\/|[A-Za-z]:[\\/]).*?):(\d+):(\d+)\)?$/.exec(line);
    if (match === null) continue;
    const file = match[1]!.startsWith('file://') ? fileURLToPath(match[1]!.replace(/\?.*$/, '')) : match[1]!;
    if (file.startsWith(ownFolder) || /[\\/]node_modules[\\/]@tensorflow[\\/]/.test(file)) continue;
    return locate({ file, line: Number(match[2]), column: Number(match[3]) });
  }
  return null;
}

/** The stack of the caller, deep enough to reach the user's code through layers in layers. */
export function stackHere(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 200;
  try {
    return new Error().stack ?? '';
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** `model.mjs:12:5`, relative to the working directory. */
export function printPlace({ file, line, column }: CodePlace): string {
  const short = relative(process.cwd(), file);
  return `${short === '' || short.startsWith('..') ? file : short}:${line}:${column}`;
}

/** The modules that are running, outermost first: layers, and `tf.tidy` calls that have a name. */
export class ScopeStack {
  private readonly layers: { readonly name: string; readonly depth: number }[] = [];
  private readonly base: number;

  constructor(private readonly tf: TensorFlow) {
    this.base = tf.engine().state.scopeStack.length;
  }

  /** Runs `work` inside the module `name`. */
  within<T>(name: string, work: () => T): T {
    this.layers.push({ name, depth: this.tf.engine().state.scopeStack.length });
    try {
      return work();
    } finally {
      this.layers.pop();
    }
  }

  /** `block/conv`, or '' outside all modules. */
  path(): string {
    const names: string[] = [];
    const tidies = this.tf.engine().state.scopeStack;
    let layer = 0;
    for (let depth = this.base; depth <= tidies.length; depth++) {
      for (; layer < this.layers.length && this.layers[layer]!.depth <= depth; layer++) {
        names.push(this.layers[layer]!.name);
      }
      const tidy = tidies[depth]?.name;
      if (tidy !== undefined && isUserName(tidy)) names.push(tidy);
    }
    return names.join('/');
  }
}

/** The engine opens scopes of its own: unnamed ones, and one for each function of `tf`. */
function isUserName(name: string): boolean {
  return name !== '' && name !== 'unnamed scope' && !name.endsWith('__op');
}

/** Runs `work`; while it runs, every layer that is applied is a scope of its own. */
export async function withLayerScopes<T>(
  tf: TensorFlow,
  scopes: ScopeStack,
  work: () => Promise<T>,
): Promise<T> {
  const prototype = tf.layers.Layer.prototype;
  const apply = Object.getOwnPropertyDescriptor(prototype, 'apply')!;
  const original = apply.value as (...args: unknown[]) => unknown;
  Object.defineProperty(prototype, 'apply', {
    ...apply,
    value: function (this: Tf.layers.Layer, ...args: unknown[]): unknown {
      return scopes.within(this.name, () => original.apply(this, args));
    },
  });
  try {
    return await work();
  } finally {
    Object.defineProperty(prototype, 'apply', apply);
  }
}
