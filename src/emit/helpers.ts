/** Runs helper functions (`helper.NAME(…)` in an `emit`) at compile time: TypeScript, transpiled when first used. */
import { fail, type Span } from '../diagnostics/diagnostic.js';
import { loadPackage } from '../files/packages.js';
import type { Helper } from '../lang/ast.js';
import type { Tf } from './tf.js';

export type HelperFunction = (...args: readonly unknown[]) => unknown;

/** Gives the function of a helper. */
export type HelperRunner = (name: string, span: Span) => HelperFunction;

/**
 * Makes the helpers of a rule set callable. Loads the TypeScript compiler, so call it only where there are helpers.
 * In a helper's text `tf` is the module that it imports; here it is the TensorFlow.js that computes.
 */
export function runnableHelpers(helpers: ReadonlyMap<string, Helper>, tf: Tf): Promise<HelperRunner> {
  const known = prepared.get(helpers)?.get(tf);
  if (known !== undefined) return known;
  const runner = prepareHelpers(helpers, tf);
  const byEngine = prepared.get(helpers) ?? new WeakMap<Tf, Promise<HelperRunner>>();
  prepared.set(helpers, byEngine.set(tf, runner));
  return runner;
}

/** Helpers that were prepared before: passes and checks ask for the same ones many times. */
const prepared = new WeakMap<ReadonlyMap<string, Helper>, WeakMap<Tf, Promise<HelperRunner>>>();

async function prepareHelpers(helpers: ReadonlyMap<string, Helper>, tf: Tf): Promise<HelperRunner> {
  if (helpers.size === 0) return unknownHelper;
  const ts = loadPackage('typescript');
  const text = [...helpers.values()].map((helper) => helper.text).join('\n');
  const script = ts.transpile(text.replace(/^export /gm, ''), {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
  });
  // Types are gone once it is transpiled.
  const names = [...helpers.values()].filter(({ text }) => !isType(text)).map(({ name }) => name);
  const evaluate = new Function('tf', `'use strict';\n${script}\nreturn { ${names.join(', ')} };`);
  const functions = evaluate(tf) as Readonly<Record<string, HelperFunction>>;
  return (name, span) => (Object.hasOwn(functions, name) ? functions[name]! : unknownHelper(name, span));
}

const isType = (text: string): boolean => /^(?:export\s+)?(?:interface|type)\s/m.test(text);

function unknownHelper(name: string, span: Span): never {
  return fail({
    code: 'E505',
    message: `there is no helper ${name}`,
    span,
    why: 'Helpers are exported functions of the .helpers.ts file beside the rules.',
    help: `Write \`export function ${name}(…)\` in that file.`,
  });
}
