/** Runs helper functions (`helper.NAME(…)` in an `emit`) at compile time: TypeScript, transpiled when first used. */
import { fail, type Span } from '../diagnostics/diagnostic.js';
import { loadPackage } from '../files/packages.js';
import type { Helper } from '../lang/ast.js';
import type { Tf } from './tf.js';

export type HelperFunction = (...args: readonly unknown[]) => unknown;

/** Gives the function of a helper. */
export type HelperRunner = (name: string, span: Span) => HelperFunction;

type Functions = Readonly<Record<string, HelperFunction>>;

/**
 * Makes the helpers of a rule set callable. They are transpiled, and TypeScript's compiler is loaded, when one is asked for.
 * In a helper's text `tf` is the module that it imports; here it is the TensorFlow.js that computes.
 */
export function runnableHelpers(helpers: ReadonlyMap<string, Helper>, tf: Tf): HelperRunner {
  return (name, span) => {
    const functions = functionsOf(helpers, tf);
    return Object.hasOwn(functions, name) ? functions[name]! : unknownHelper(name, span);
  };
}

/** Helpers that were transpiled before: passes and checks ask for the same ones many times. */
const transpiled = new WeakMap<ReadonlyMap<string, Helper>, WeakMap<Tf, Functions>>();

function functionsOf(helpers: ReadonlyMap<string, Helper>, tf: Tf): Functions {
  const known = transpiled.get(helpers)?.get(tf);
  if (known !== undefined) return known;
  const functions = transpile(helpers, tf);
  const byEngine = transpiled.get(helpers) ?? new WeakMap<Tf, Functions>();
  transpiled.set(helpers, byEngine.set(tf, functions));
  return functions;
}

function transpile(helpers: ReadonlyMap<string, Helper>, tf: Tf): Functions {
  const { ts } = loadPackage('ts-morph');
  const text = [...helpers.values()].map((helper) => helper.text).join('\n');
  const script = ts.transpile(text.replace(/^export /gm, ''), {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
  });
  // Types are gone once it is transpiled.
  const names = [...helpers.values()].filter(({ text }) => !isType(text)).map(({ name }) => name);
  const evaluate = new Function('tf', `'use strict';\n${script}\nreturn { ${names.join(', ')} };`);
  return evaluate(tf) as Functions;
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
