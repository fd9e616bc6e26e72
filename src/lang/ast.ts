/**
 * What rule text means, after parsing and resolving: plain data that the rest of the compiler reads.
 * The syntax is described in docs/language.md.
 */
import type { Span } from '../diagnostics/diagnostic.js';

// ---------------------------------------------------------------- expressions

/** `//`, division of whole numbers, is written `div`: in rule files `//` starts a comment. */
export type BinaryOperator =
  '+' | '-' | '*' | '/' | '//' | '%' | '==' | '!=' | '<' | '<=' | '>' | '>=' | 'and' | 'or' | '??' | 'in';

/** An expression over attributes, sizes, operands; in an `emit`, over tensors and `tf`. */
export type Expr =
  | { readonly kind: 'literal'; readonly value: number | string | boolean | null; readonly span: Span }
  | { readonly kind: 'list'; readonly items: readonly Expr[]; readonly span: Span }
  | {
      readonly kind: 'object';
      readonly entries: readonly { readonly key: string; readonly value: Expr }[];
      readonly span: Span;
    }
  /** `mayBeAbsent`: written `b?`, an argument in an `emit` that may be an optional operand left out. */
  | { readonly kind: 'name'; readonly name: string; readonly mayBeAbsent?: true; readonly span: Span }
  /** `a.b` or `a.0`: a field of an object, or an item of a list. */
  | { readonly kind: 'field'; readonly of: Expr; readonly field: string; readonly span: Span }
  | { readonly kind: 'index'; readonly of: Expr; readonly index: Expr; readonly span: Span }
  /** `f(x)`, `tf.image.resizeBilinear(x)`, `helper.roll(x)`: `callee` is the dotted path. */
  | {
      readonly kind: 'call';
      readonly callee: readonly string[];
      readonly args: readonly Expr[];
      readonly span: Span;
    }
  /** `...xs`, an argument of a call: every item is an argument. */
  | { readonly kind: 'spread'; readonly of: Expr; readonly span: Span }
  | { readonly kind: 'unary'; readonly operator: '-' | 'not'; readonly operand: Expr; readonly span: Span }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expr;
      readonly right: Expr;
      readonly span: Span;
    }
  /** `if a then b else c` */
  | {
      readonly kind: 'conditional';
      readonly test: Expr;
      readonly then: Expr;
      readonly otherwise: Expr;
      readonly span: Span;
    }
  /** `[body for name in over if where]` */
  | {
      readonly kind: 'each';
      readonly body: Expr;
      readonly name: string;
      readonly over: Expr;
      readonly where: Expr | null;
      readonly span: Span;
    }
  /** `let a = x, b = y in body` */
  | {
      readonly kind: 'let';
      readonly bindings: readonly { readonly name: string; readonly value: Expr }[];
      readonly body: Expr;
      readonly span: Span;
    };

// ---------------------------------------------------------------- axes

/** One dimension (or, for `rest` and `broadcast`, any number of dimensions) of a signature. */
export type AxisExpr =
  /** `c` */
  | { readonly kind: 'axis'; readonly name: string; readonly span: Span }
  /** `1`: a dimension of that size, which is nobody's channel */
  | { readonly kind: 'literal'; readonly size: number; readonly span: Span }
  /** `(h w c)`, major to minor */
  | { readonly kind: 'product'; readonly factors: readonly AxisExpr[]; readonly span: Span }
  /** `(a + b)` */
  | { readonly kind: 'sum'; readonly terms: readonly AxisExpr[]; readonly span: Span }
  /** `c*`: in a variadic tensor, the axis of that member */
  | { readonly kind: 'each'; readonly name: string; readonly span: Span }
  /** `(+ c*)`: the concatenation of a variadic tensor's `c*` axes */
  | { readonly kind: 'sumOf'; readonly name: string; readonly span: Span }
  /** `lead...`: any number of axes */
  | { readonly kind: 'rest'; readonly name: string; readonly span: Span }
  /** `broadcast(a, b)...`: the rests a, b, … aligned at the right and broadcast to each other */
  | { readonly kind: 'broadcast'; readonly names: readonly string[]; readonly span: Span };

/** `x[n, h, w, c]`, `xs*[lead..., c*]` */
export interface TensorPattern {
  readonly tensor: string;
  readonly dims: readonly AxisExpr[];
  readonly span: Span;
}

/** `|lead| = axis` (a count of axes), `|c*| = sizes` (a list of sizes), `r = e` (one size). */
export interface AxisConstraint {
  readonly left:
    | { readonly kind: 'rank'; readonly name: string }
    | { readonly kind: 'sizes'; readonly name: string }
    | { readonly kind: 'size'; readonly name: string };
  readonly right: Expr;
  readonly span: Span;
}

/** The closed vocabulary for operations whose shape depends on attributes. */
export type AxisFunctionName =
  | 'permute'
  | 'reshape'
  | 'slice'
  | 'pad'
  | 'reduce'
  | 'broadcast'
  | 'squeeze'
  | 'expand'
  | 'tile'
  | 'gather'
  | 'einsum'
  | 'fixed';

export type AxesClause =
  | {
      readonly kind: 'signature';
      readonly operands: readonly TensorPattern[];
      readonly results: readonly TensorPattern[];
      readonly where: readonly AxisConstraint[];
      readonly span: Span;
    }
  /** `y = reshape(x, shape)` */
  | {
      readonly kind: 'function';
      readonly result: string;
      readonly function: AxisFunctionName;
      readonly args: readonly Expr[];
      readonly span: Span;
    };

// ---------------------------------------------------------------- operations

export interface OperandDecl {
  readonly name: string;
  readonly kind: 'one' | 'optional' | 'variadic';
  readonly span: Span;
}

export interface ResultDecl {
  readonly name: string;
  readonly kind: 'one' | 'variadic';
  readonly span: Span;
}

export type AttrType =
  | 'int'
  | 'float'
  | 'bool'
  | 'string'
  | 'dtype'
  | 'int[]'
  | 'float[]'
  | 'bool[]'
  | 'string[]'
  | 'int2'
  /** `'valid'`, `'same'` or a list of `[before, after]`, one for each spatial axis */
  | 'pads'
  /** one of several words */
  | { readonly oneOf: readonly string[] };

export interface AttrDecl {
  readonly name: string;
  readonly type: AttrType;
  /** Without a default the attribute must be given by every `from` and every rewrite. */
  readonly default: Expr | null;
  readonly span: Span;
}

/** An operand in a `from`: `x`, `filter as k`, `b?`, `xs*`, `x[n, c, h, w]`, `TBackward(k)`. */
export type SourcePattern =
  | {
      readonly kind: 'bind';
      /** The name of the input in the source, where the source names its inputs; else equal to `name`. */
      readonly sourceName: string;
      /** An operand of the op; or, if the op has no such operand, a compile-time value used in the expressions. */
      readonly name: string;
      readonly arity: 'one' | 'optional' | 'variadic';
      /** The source's own axis order, where it is not the op's. */
      readonly dims: readonly AxisExpr[] | null;
      readonly span: Span;
    }
  /** An operand that is there and is not used: `_` */
  | { readonly kind: 'ignore'; readonly span: Span }
  | {
      readonly kind: 'node';
      readonly types: readonly string[];
      readonly args: readonly SourcePattern[];
      readonly span: Span;
    };

/** `from tf Conv2D | Conv2DV2 (x, k) let … when … -> y[…] { attr = expr } => expansion` */
export interface FromClause {
  /** `tf`, `tfjs`, `torch`, `aten`, … */
  readonly source: string;
  readonly types: readonly string[];
  readonly args: readonly SourcePattern[];
  /** The source's results in order; a pattern with `dims` states the source's axis order. */
  readonly results: readonly { readonly name: string; readonly dims: readonly AxisExpr[] | null }[] | null;
  /** `let s = e, …`: names for the expressions after it. */
  readonly lets: readonly { readonly name: string; readonly value: Expr }[];
  readonly when: Expr | null;
  readonly attrs: readonly { readonly name: string; readonly value: Expr; readonly span: Span }[];
  /** `=> relu6(conv2d(x, k, b) { … })`: several canonical operations for one source node. */
  readonly expansion: Build | null;
  readonly override: boolean;
  readonly span: Span;
}

/** `emit when cond: expr`; the first whose condition holds is taken. */
export interface EmitClause {
  readonly when: Expr | null;
  readonly value: Expr;
  readonly span: Span;
}

/** Where a result's masked channels are exactly zero: `zeros x and y`, `zeros x or y`, `zeros x`. */
export type ZeroExpr =
  | { readonly kind: 'operand'; readonly name: string }
  | { readonly kind: 'all' | 'any'; readonly of: readonly ZeroExpr[] };

export interface OpRule {
  readonly kind: 'op';
  readonly name: string;
  readonly doc: string;
  readonly operands: readonly OperandDecl[];
  readonly results: readonly ResultDecl[];
  readonly attrs: readonly AttrDecl[];
  readonly axes: readonly AxesClause[];
  /** `sizes oh = window(h, kh, …)`: sizes of axes that only results have. */
  readonly sizes: readonly { readonly name: string; readonly value: Expr; readonly span: Span }[];
  /** Axis names, or (for axis functions) the attribute that lists axes: `fixed over`. */
  readonly fixed: readonly string[];
  readonly mixes: readonly string[];
  readonly keep: readonly string[];
  readonly zeros: ZeroExpr | null;
  /** `dtype y = int32`; without one a result has the first operand's dtype. */
  readonly dtypes: readonly { readonly result: string; readonly value: Expr }[];
  /** `role gamma = scale`: what importance measures may ask for. */
  readonly roles: Readonly<Record<string, string>>;
  /** `commutes x, y` */
  readonly commutes: readonly string[];
  /** `value e`: the result as a compile-time value, where operands are known; may contain the symbolic batch. */
  readonly value: Expr | null;
  /** Multiply-accumulates of one call; null: derived from the axes. */
  readonly cost: Expr | null;
  /** `dynamic 'why'`: results depend on data values; the node and all that follows it is the model's tail. */
  readonly dynamic: string | null;
  readonly froms: readonly FromClause[];
  readonly emits: readonly EmitClause[];
  /** For messages: where the words of clauses stand that are plain names here, e.g. `fixed:c`, `role:gamma`. */
  readonly places?: Readonly<Record<string, Span>>;
  readonly span: Span;
}

// ---------------------------------------------------------------- rewrites

/** The left side of a rewrite. */
export type Match =
  /** `x`, `b?`, `xs*`: any value; the same name twice must be the same value */
  | {
      readonly kind: 'value';
      readonly name: string;
      readonly arity: 'one' | 'optional' | 'variadic';
      readonly span: Span;
    }
  /** `_` */
  | { readonly kind: 'any'; readonly span: Span }
  /** `6`: a constant whose every element is this number (to 1e-6 relative) */
  | { readonly kind: 'number'; readonly value: number; readonly span: Span }
  /** `conv2d(x, k, b?) { activation: 'linear' } as c`; several ops: `(relu | relu6)(x) as a` */
  | {
      readonly kind: 'node';
      readonly ops: readonly string[];
      readonly args: readonly Match[];
      readonly attrs: readonly { readonly name: string; readonly value: Expr }[];
      readonly as: string | null;
      readonly span: Span;
    };

/** The right side of a rewrite, and the expansion of a `from`: builds nodes. */
export type Build =
  | { readonly kind: 'value'; readonly name: string; readonly span: Span }
  /** `0.5` or `scalar(e)`: a constant tensor */
  | { readonly kind: 'scalar'; readonly value: Expr; readonly span: Span }
  | {
      readonly kind: 'node';
      readonly op: string;
      readonly args: readonly Build[];
      /** `{ ...c, activation: 'relu' }`: all attributes of the matched node c, then these. */
      readonly spread: string | null;
      readonly attrs: readonly { readonly name: string; readonly value: Expr }[];
      readonly span: Span;
    }
  /** `b ?? 0`: the optional value if it is there, else the other */
  | { readonly kind: 'else'; readonly first: Build; readonly second: Build; readonly span: Span }
  /** `if cond then a else b`, decided at compile time */
  | {
      readonly kind: 'if';
      readonly test: Expr;
      readonly then: Build;
      readonly otherwise: Build;
      readonly span: Span;
    }
  /** `none`: leave an optional operand out */
  | { readonly kind: 'none'; readonly span: Span }
  /** `[a, b]`, for a variadic operand */
  | { readonly kind: 'list'; readonly items: readonly Build[]; readonly span: Span }
  /** `[body for v in vs]`, over a variadic value or a compile-time list */
  | {
      readonly kind: 'each';
      readonly body: Build;
      readonly name: string;
      readonly over: Expr;
      readonly span: Span;
    }
  /** `ys.0`: one result of a node with several, bound by `let` */
  | { readonly kind: 'result'; readonly of: Build; readonly index: string; readonly span: Span }
  | {
      readonly kind: 'let';
      readonly bindings: readonly { readonly name: string; readonly value: Build }[];
      readonly body: Build;
      readonly span: Span;
    };

export interface RewriteRule {
  readonly kind: 'rewrite';
  readonly name: string;
  readonly doc: string;
  readonly match: Match;
  readonly where: Expr | null;
  readonly build: Build;
  readonly span: Span;
}

/** `pass fuse { a, b }`: rewrites applied together to a fixpoint. */
export interface PassRule {
  readonly kind: 'pass';
  readonly name: string;
  readonly doc: string;
  readonly rewrites: readonly string[];
  /** For messages: where each of them is named. */
  readonly places?: Readonly<Record<string, Span>>;
  readonly span: Span;
}

/** `extend pass fuse { a, b }`: rewrites that a pass of another file applies too. */
export interface ExtendRule {
  readonly kind: 'extend';
  /** The pass. */
  readonly name: string;
  readonly rewrites: readonly { readonly name: string; readonly span: Span }[];
  /** Where the pass is named. */
  readonly place: Span;
  readonly span: Span;
}

/** `pipeline tfjs = fold_constants; infer_axes; prune; fuse; verify` */
export interface PipelineRule {
  readonly kind: 'pipeline';
  readonly name: string;
  readonly doc: string;
  readonly stages: readonly { readonly name: string; readonly span: Span }[];
  readonly span: Span;
}

/** `infix + = add`: what an operator in a rewrite's right side builds. */
export interface InfixRule {
  readonly kind: 'infix';
  readonly operator: string;
  readonly op: string;
  readonly span: Span;
}

// ---------------------------------------------------------------- the whole

export interface SourceText {
  /** As shown in messages. */
  readonly file: string;
  readonly text: string;
}

export type Declaration = OpRule | RewriteRule | PassRule | ExtendRule | PipelineRule | InfixRule;

/** All rules, resolved and checked. */
export interface RuleSet {
  readonly ops: ReadonlyMap<string, OpRule>;
  readonly rewrites: ReadonlyMap<string, RewriteRule>;
  readonly passes: ReadonlyMap<string, PassRule>;
  readonly pipelines: ReadonlyMap<string, PipelineRule>;
  readonly infix: ReadonlyMap<string, string>;
  /** The `.rules` files, in the order read. */
  readonly files: readonly SourceText[];
  /** TypeScript functions by name, from `.helpers.ts` files beside the rules: `helper.NAME(…)` in an `emit`. */
  readonly helpers: ReadonlyMap<string, Helper>;
}

export interface Helper {
  readonly name: string;
  readonly file: string;
  /** The text of the function, from its TSDoc comment to its closing brace. */
  readonly text: string;
  /** Other helpers that it calls. */
  readonly uses: readonly string[];
}
