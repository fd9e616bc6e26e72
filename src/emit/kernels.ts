/** What the backends of TensorFlow.js lack, so that a module which could not run on its backend is not written. */
import { readFileSync } from 'node:fs';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { Node } from '../ir/graph.js';
import type { Helper, OpRule } from '../lang/ast.js';
import type { ComputeBackend } from '../lang/backends.js';
import { projectFile } from '../lang/project-file.js';

/** For every backend, functions of `tf` and the kernel that each of them always runs and the backend does not have. */
type MissingKernels = Readonly<Record<ComputeBackend, Readonly<Record<string, string>>>>;

let missing: MissingKernels | undefined;

/** The kernel that a function of `tf` runs and a backend lacks; undefined where it has it. */
export function missingKernel(path: string, backend: ComputeBackend): string | undefined {
  missing ??= JSON.parse(readFileSync(projectFile('rules/kernels.json'), 'utf8')) as MissingKernels;
  const functions = missing[backend];
  return Object.hasOwn(functions, path) ? functions[path] : undefined;
}

/** The functions of `tf` that a helper calls, those of other helpers that it uses included. */
export function functionsOfHelper(name: string, helpers: ReadonlyMap<string, Helper>): Set<string> {
  const reached = new Set([name]);
  const functions = new Set<string>();
  // A set's loop reaches what is added on the way.
  for (const helper of reached) {
    const { text, uses } = helpers.get(helper)!;
    for (const [, path] of text.matchAll(/\btf\.([\w.]+)(?=\s*[(<])/g)) functions.add(path!);
    for (const other of uses) reached.add(other);
  }
  return functions;
}

/** A node whose `emit` calls a function that does not run on the backend. */
export function doesNotRun(
  rule: OpRule,
  node: Node,
  path: string,
  kernel: string,
  backend: ComputeBackend,
): Diagnostic {
  return {
    code: 'E515',
    severity: 'error',
    message: `tf.${path} does not run on ${backend}`,
    where: `node ${JSON.stringify(node.source.name)}`,
    why: `TensorFlow.js has no kernel ${kernel} for it, and the rule of ${rule.name} has no other \`emit\` for ${backend}.`,
    help:
      'Choose another --backend; or, in a rule file of your own, write the operation with functions that run there:\n' +
      `emit when backend == '${backend}': …`,
  };
}
