/** Diagnostics of rule files. */
export const codes = {
  E101: {
    title: 'A declaration is not written as the grammar has it',
    explanation:
      'The text stops making sense at the caret; the message lists what could stand there. Each declaration is read ' +
      'on its own, so other declarations of the file are still checked.\n\n' +
      '`docs/language.md` describes the language, `grammar/espalier.ohm` is its grammar, with examples.',
  },
  E102: {
    title: 'A clause is given twice',
    explanation:
      'An op has at most one clause of each kind, but for `axes` with functions, `from` and `emit`. Join the two: ' +
      '`sizes oh = …, ow = …`.',
  },
  E103: {
    title: 'Comparisons do not chain',
    explanation: '`a < b < c` would compare the truth of `a < b` with c. Write `a < b and b < c`.',
  },
  E104: {
    title: 'A minus sign stands before a tensor',
    explanation:
      'On the right side of a rewrite an operator between two values stands for an op, as `infix - = sub` declares. A ' +
      'minus sign before one value is only for numbers. Write `0 - x`, or build the op that negates: `neg(x)`.',
  },
  E105: {
    title: 'A comment looks like a division',
    explanation:
      '`//` starts a comment, so in `sizes oh = h // 2` the size would be `h`. Whole numbers are divided with `div`: ' +
      '`sizes oh = h div 2`. If it is a comment, put it on a line of its own.',
  },
  E110: {
    title: 'Two declarations have one name',
    explanation:
      'Rules of all files, the core’s and your own, share one set of names for each kind of declaration. To read ' +
      'another source node as an op that exists, add a `from` clause to a copy of it under a new name, or expand to ' +
      'it: `from tf MyConv(x, k) => conv2d(x, k)`.',
  },
  E111: {
    title: 'A rule has no documentation',
    explanation:
      'Every op, rewrite, pass and pipeline starts with a line that says what it is, `/// …`: messages and the ' +
      'reference of operations show it.',
  },
  E112: {
    title: 'There is no such op',
    explanation:
      'Rewrites, expansions and `infix` name ops that rule files declare. `espalier rules` lists them. A function of ' +
      'numbers, such as `sqrt`, is no op: `scalar(sqrt(c.epsilon))` makes a constant of its value.',
  },
  E113: {
    title: 'There is no such attribute',
    explanation:
      'A `from`, a rewrite or an expansion gives or reads an attribute that the op does not declare in its `attrs` ' +
      'clause. Of several matched ops, `(relu | relu6)(x) as a`, only attributes that all of them have can be read.',
  },
  E114: {
    title: 'There is no such operand or result',
    explanation:
      'A name stands where a tensor must, and is none: in a pattern, in a clause such as `zeros`, as the argument of ' +
      '`shape`, or on the right side of a rewrite, whose left side binds its tensors.',
  },
  E115: {
    title: 'A name stands for nothing here',
    explanation:
      'An expression can name attributes, axes of the signature (as their size), and what `let` and `for` bind; in an ' +
      '`emit` also tensors; in a `from` also the source node’s attributes. Elsewhere a tensor’s name is a condition, ' +
      'whether an optional operand is there, or the argument of a function: `shape(x)`, `rank(x)`.\n\n' +
      "Words are strings: `dtype y = 'int32'`.",
  },
  E116: {
    title: 'A function is unknown, or used where it can’t be',
    explanation:
      '`docs/language.md` lists all functions and their arguments. Functions of TensorFlow.js are called on `tf`, those ' +
      'of a `.helpers.ts` file on `helper`, and both only in an `emit`: everything else is computed at compile time. ' +
      '`uses`, `op` and `number` ask about the graph and are for rewrites, `elementwise` is for `value`.',
  },
  E117: {
    title: 'An op has other operands',
    explanation:
      'Operands are given by position. Optional ones at the end can be left out, or be `none`. A variadic operand takes ' +
      'a list, `concat([a, b])`. A value that may be absent, `b?`, can’t be given for an operand that must be there: ' +
      'write `b ?? 0`.',
  },
  E118: {
    title: 'A value is not of the attribute’s type',
    explanation:
      'Types are `int`, `float`, `bool`, `string`, `dtype`, lists of these such as `int[]`, `int2` (two whole numbers), ' +
      "`pads` (`'valid'`, `'same'` or a list of `[before, after]`), or words: `'linear' | 'relu'`.",
  },
  E119: {
    title: 'A required attribute is not given',
    explanation:
      'An attribute without a default must be given by every `from` and every rewrite, since nothing is guessed. One ' +
      'named like an axis of the signature may be left out where the operands’ shapes give the size. With an ' +
      'expansion, `=> …`, attributes stand in the braces after each op that is built.',
  },
  E120: {
    title: 'There is no such axis',
    explanation:
      'Axes are the names in the signature: `c` is one axis, `lead...` any number of them, `c*` one in every tensor of ' +
      'a variadic operand or result. A name is one of these throughout an op. Clauses such as `fixed` and `where`, and ' +
      'the orders of axes in a `from`, use the names of the signature. With an axis function, `fixed over` names the ' +
      'attribute that lists axes.',
  },
  E121: {
    title: 'An axis is bound to two sizes',
    explanation:
      'The size of an axis comes from one place: the shape of an operand, a `where`, or `sizes` for axes that only ' +
      'results show.',
  },
  E122: {
    title: 'No operand has an axis of the result',
    explanation:
      'The size of every axis of a result must follow from something: an operand that has the axis, `sizes oh = …`, ' +
      '`where oh = …`, or an attribute of that name.',
  },
  E123: {
    title: 'Sizes can’t be told apart',
    explanation:
      'Of a product `(h w)` or a sum `(a + b)` in an operand only the whole size is known: all parts but one must ' +
      'follow from elsewhere. Give them, `where h = block`, or declare an attribute of that name. Likewise ' +
      '`x[lead..., c, tail...]` needs `where |lead| = axis`, and `(+ c*)` needs `where |c*| = sizes`.',
  },
  E124: {
    title: 'A tensor has no axes, or two patterns',
    explanation:
      'A signature has one pattern for every operand and every result. `x[]` is a tensor without axes. An op whose ' +
      'shape follows from attributes has an axis function for every result instead.',
  },
  E125: {
    title: 'An axis function is unknown, or has wrong arguments',
    explanation:
      'The functions are `permute(x, perm)`, `reshape(x, shape)`, `slice(x, begin, size, strides?)`, ' +
      '`pad(x, before, after)`, `reduce(x, over, keep_dims)`, `broadcast(x, shape)`, `squeeze(x, axes)`, ' +
      '`expand(x, axis)`, `tile(x, reps)`, `gather(x, indices, axis, batch_axes?)`, `einsum(xs, equation)` and ' +
      '`fixed(shape)`. Operands come first, by name.',
  },
  E126: {
    title: 'An operator stands for no op',
    explanation:
      'On the right side of a rewrite `a + b` builds the op that `infix + = add` declares. Declare the operator, or ' +
      'build the op by its name.',
  },
  E127: {
    title: 'A `from` is never reached',
    explanation:
      'Several `from` clauses for one type of source node are tried in order, and an earlier one takes every node that ' +
      'this one would. Tell them apart with `when`, put the more special one first, or say `override`: then it goes ' +
      'before all that were declared so far, such as the core’s.',
  },
  E128: {
    title: 'A `from` binds too little, or a name that nothing reads',
    explanation:
      'Every operand that is not optional must be bound. A name that is no operand is a compile-time value, for the ' +
      'expressions of the `from`; one that nothing reads is most often mistyped. An input that does not matter is `_`.',
  },
  E129: {
    title: 'There is no such source',
    explanation:
      'Sources are `tf` (TensorFlow graphs), `tfjs` (traced TensorFlow.js kernels), `torch` (PyTorch’s backward graph), ' +
      '`aten` (PyTorch programs) and `onnx`.',
  },
  E130: {
    title: 'An op can’t be computed',
    explanation:
      'Without an `emit` nothing says how to compute an op. It may be missing only where every `from` expands to other ' +
      'ops, or where the op is `dynamic`.',
  },
  E131: {
    title: 'An `emit` is never reached',
    explanation: 'The first `emit` whose condition holds is taken. One without a condition comes last.',
  },
  E132: {
    title: 'There is no such helper',
    explanation:
      '`helper.NAME(…)` calls a function from a `.helpers.ts` file beside a rule file: `my.rules` has ' +
      '`my.helpers.ts`. Its functions are copied into modules that use them.',
  },
  E133: {
    title: 'An operand may be absent',
    explanation:
      'An optional operand is passed to TensorFlow.js where it may be left out. Write an `emit` for each case, ' +
      '`emit when b: …`; or `b?`, where what is called takes `undefined` for it. In an object, `{ bias: b }`, and as an ' +
      'argument of a helper an absent operand is left out or `undefined`.',
  },
  E134: {
    title: 'Two helpers have one name',
    explanation: 'Helpers of all files share one set of names, since a module may use any of them.',
  },
  E135: {
    title: 'No rule file is found',
    explanation:
      '`--rules` takes files, directories and patterns such as `"my-rules/**/*.rules"`, relative to the working ' +
      'directory. Rule files end in `.rules`.',
  },
  E136: {
    title: 'A rewrite never ends',
    explanation:
      'A pass applies its rewrites until none applies. A rewrite without a condition whose right side matches its own ' +
      'left side, or two that build what the other replaces, would go on for ever.',
  },
  E137: {
    title: 'There is no such rewrite',
    explanation: 'A pass names rewrites that rule files declare.',
  },
  E138: {
    title: 'A name is there twice',
    explanation:
      'Operands, results and attributes of an op have different names, since expressions use them all. A `from` gives ' +
      'an attribute and binds a name once. A pass names each of its rewrites once, its extensions included.',
  },
  E139: {
    title: 'There is no such attribute type',
    explanation:
      'Types are `int`, `float`, `bool`, `string`, `dtype`, `int[]`, `float[]`, `bool[]`, `string[]`, `int2`, `pads`, ' +
      "or words: `'a' | 'b'`.",
  },
  E140: {
    title: 'A variadic tensor is used as one, or one as a variadic',
    explanation:
      'An op has at most one variadic operand, `xs*`, and one variadic result. `c*` is the axis of each of its tensors ' +
      'and stands only in its pattern; in another tensor `(+ c*)` is all of them, one after the other.',
  },
  E141: {
    title: 'A rewrite is in no pass',
    explanation:
      'Rewrites are applied by the passes and pipelines that name them. This one never is. A rule file of your own adds ' +
      'its rewrites to a pass of the core: `extend pass fuse_constants { my_fusion }`.',
  },
  E142: {
    title: 'There is no such pass',
    explanation:
      '`extend pass NAME { rewrite, … }` adds rewrites to a pass that another rule file declares. The core’s passes are ' +
      'in `rules/pipelines.rules`. A new pass, `pass NAME { rewrite, … }`, is applied only by pipelines that name it.',
  },
  E143: {
    title: 'There is no such backend',
    explanation:
      'In an `emit`, `backend` is what computes: `node` (both packages for Node.js), `webgpu`, `webgl`, `wasm` or `cpu`. ' +
      'A comparison with anything else would never hold.',
  },
} as const;
