/** Prints the functions of a model, those that are called first; functions with the same text become one. */
import { printBody, type BodyContext, type PrintedFunction } from './body.js';
import type { Fn } from './functions.js';
import { commentText } from './module-text.js';
import { pascalCase, withoutNumber, type Names } from './naming.js';
import type { Plan } from './plan.js';

/** A function, and which parts of the model it computes. */
export interface SharedFunction {
  readonly printed: PrintedFunction;
  readonly doc: string;
}

/**
 * Prints a model's functions.
 * @param printed gets the printed function of each part of the model
 * @returns each function once, callers first
 */
export function printFunctions(
  root: Plan,
  context: Omit<BodyContext, 'printed'>,
  printed: Map<Fn, PrintedFunction>,
): SharedFunction[] {
  const byText = new Map<string, { readonly printed: PrintedFunction; readonly fns: Fn[] }>();
  const print = (plan: Plan): void => {
    for (const inner of plan.calls.values()) print(inner);
    const body = printBody(plan, plan === root, { ...context, printed });
    const { parameters, returnType, statements, weights } = body;
    const key = JSON.stringify([parameters, returnType, statements.map(({ text }) => text), weights]);
    const shared = byText.get(key);
    if (shared !== undefined) {
      shared.fns.push(plan.fn);
      printed.set(plan.fn, shared.printed);
      return;
    }
    const name = plan === root ? plan.name : context.names.claim(wantedName(plan, context.names), 'part');
    const interfaceName = plan === root ? 'Weights' : `${pascalCase(name)}Weights`;
    const weightsType = !plan.hasWeights
      ? null
      : plan === root
        ? interfaceName
        : context.names.claim(interfaceName, '');
    const fn: PrintedFunction = { ...body, name, weightsType };
    byText.set(key, { printed: fn, fns: [plan.fn] });
    printed.set(plan.fn, fn);
  };
  print(root);
  const callersFirst = new Set<PrintedFunction>();
  const list = (plan: Plan): void => {
    callersFirst.add(printed.get(plan.fn)!);
    plan.calls.forEach(list);
  };
  list(root);
  const fnsOf = new Map([...byText.values()].map((shared) => [shared.printed, shared.fns]));
  return [...callersFirst].map((fn) => ({ printed: fn, doc: docOf(fnsOf.get(fn)!, root.fn) }));
}

/** `block` for the first of `block1`, `block2`, …: with luck, the others have the same text. */
function wantedName({ name, repeated }: Plan, names: Names): string {
  const shared = withoutNumber(name);
  return repeated && !names.has(shared) ? shared : name;
}

/** What a function is, in the words of the source model. */
function docOf(fns: readonly Fn[], root: Fn): string {
  const [first, second] = fns;
  if (first === root) return 'The whole model.';
  const scopes = fns.slice(0, 3).map(({ path }) => `\`${commentText(path.join('/'))}\``);
  if (first!.part !== null) {
    return `Part ${first!.part} of ${first!.path.length === root.path.length ? 'the model' : scopes[0]!}.`;
  }
  return `${scopes.join(', ')}${second !== undefined && fns.length > 3 ? ` and ${fns.length - 3} more` : ''} of the source model.`;
}
