/** Prints `emit` expressions as TypeScript: what is known at compile time as literals, operands as variables. */
import type { Attr, Dim } from '../ir/graph.js';
import type { OpRule } from '../lang/ast.js';
import { call, mapParts, partsOf, stringLiteral, text, type Code } from './code.js';
import { buildEmit, type Builder, type Built } from './partial.js';
import type { EmitScope } from './scope.js';

/** What the printer asks of the module that it prints for. */
export interface PrintContext {
  /** How a multiple of the batch size is written here. */
  batch(multiple: number): Code;
  /** How a number is written: itself, or a named constant. */
  number(value: number, name: string | null): Code;
  /** The name of a helper in the module, which thereby needs it. */
  helper(name: string): string;
  /** Told every function of `tf` that is called: `image.resizeBilinear`. */
  calls?(path: string): void;
  /** A name for a value inside an emit. */
  local(name: string): string;
  /** The list that may be written with -1 for the batch, if there is one: the shape that a reshape makes. */
  readonly inferable: Attr | undefined;
}

/** What one emit prints to: values with names, to be written first, and the expression. */
export interface Printed {
  readonly bindings: readonly { readonly name: string; readonly value: Code }[];
  readonly value: Code;
}

/** Prints the `emit` of a rule that applies to a node. */
export function printEmit(
  rule: OpRule,
  scope: EmitScope,
  operands: Readonly<Record<string, Built<Code>>>,
  context: PrintContext,
): Printed {
  return withBindings(buildEmit(rule, scope, operands, codeBuilder(context)));
}

function codeBuilder(context: PrintContext): Builder<Code> {
  return {
    value: (value, name) => literal(value, name, context),
    absent: () => ({ kind: 'absent' }),
    list: (items) => ({ kind: 'list', items }),
    object: (entries) => ({
      kind: 'object',
      entries: entries.filter(([, value]) => value.kind !== 'absent'),
    }),
    field: (of, name) =>
      of.kind === 'list' && typeof name === 'number' ? of.items.at(name)! : { kind: 'member', of, name },
    call: (path, args) => {
      context.calls?.(path.join('.'));
      return call(['tf', ...path].join('.'), args);
    },
    helper: (name, args) => call(context.helper(name), args),
    bind: (name, value) =>
      value.kind === 'text' ? value : { kind: 'bound', name: context.local(name), value },
    each: (over, name, body) => {
      const item = context.local(name);
      return { kind: 'map', of: over, name: item, body: body(text(item)) };
    },
  };
}

function literal(value: Attr, name: string | null, context: PrintContext): Code {
  if (value === null) return { kind: 'absent' };
  if (typeof value === 'number') return context.number(value, name);
  if (typeof value === 'string') return text(stringLiteral(value));
  if (typeof value === 'boolean') return text(String(value));
  if (Array.isArray(value)) return listLiteral(value, context);
  if (isSymbolic(value)) return context.batch(value.batch);
  return {
    kind: 'object',
    entries: Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, literal(item as Attr, null, context)] as const),
  };
}

function listLiteral(value: readonly Attr[], context: PrintContext): Code {
  const inferred = sameList(value, context.inferable) && value.filter(isSymbolic).length === 1;
  return {
    kind: 'list',
    items: value.map((item) =>
      inferred && isSymbolic(item)
        ? text('-1')
        : typeof item === 'number'
          ? text(numberLiteral(item))
          : literal(item, null, context),
    ),
  };
}

/** JavaScript's shortest text that reads back as the same number. */
export function numberLiteral(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function isSymbolic(value: Attr): value is Exclude<Dim, number> {
  return typeof value === 'object' && value !== null && 'batch' in value && typeof value.batch === 'number';
}

function sameList(a: readonly Attr[], b: Attr | undefined): boolean {
  return Array.isArray(b) && JSON.stringify(a) === JSON.stringify(b);
}

/** Values that are used once are written where they are used. */
function withBindings(code: Code): Printed {
  const uses = new Map<Code, number>();
  const bound: Extract<Code, { kind: 'bound' }>[] = [];
  const count = (part: Code): void => {
    if (part.kind !== 'bound') return partsOf(part).forEach(count);
    const before = uses.get(part) ?? 0;
    uses.set(part, before + 1);
    if (before > 0) return;
    count(part.value);
    bound.push(part);
  };
  const inlined = (part: Code): Code =>
    part.kind === 'bound' ? (uses.get(part) === 1 ? inlined(part.value) : part) : mapParts(part, inlined);
  count(code);
  return {
    bindings: bound
      .filter((part) => uses.get(part)! > 1)
      .map(({ name, value }) => ({ name, value: inlined(value) })),
    value: inlined(code),
  };
}
