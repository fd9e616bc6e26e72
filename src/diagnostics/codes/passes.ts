/** What the messages about IR text, passes and cases mean. */
export const codes = {
  E801: {
    title: 'IR text can not be read',
    explanation: `The text of a graph (as \`espalier ir\` prints it, or in a \`.cases\` file) is not well-formed.

\`\`\`
graph "name" {
  input %x "input": float32[N,8,8,4]
  param %k "conv/kernel": float32[3,3,4,8]
  %y: float32[N,8,8,8] = conv2d(x: %x, k: %k) { pad: 'same' }
  output "y": %y
}
\`\`\`

One statement a line. Types of results may be left out; they are inferred.`,
  },
  E802: {
    title: 'An op that no rule defines',
    explanation: `A node names an op, and no \`op\` of that name is in the rules. Check the spelling, or pass the file that
defines it with \`--rules\`.`,
  },
  E803: {
    title: 'A value is read before it is defined',
    explanation: `Nodes stand in the order in which they are computed; a node, or an output of the graph, reads a value that
nothing above it defines.`,
  },
  E804: {
    title: 'A value is defined twice',
    explanation: `Every input, parameter and result of a graph has its own name.`,
  },
  E805: {
    title: "A node does not fit its op's operands, attributes or results",
    explanation: `The \`op\` declares the operands (one value, \`b?\` optional, \`xs*\` a list), the attributes and the results.
A node must have what is declared and nothing else.`,
  },
  E806: {
    title: 'A type differs from what the rule infers',
    explanation: `The element type and shape of every result follow from the op's rule. What the graph states must agree.`,
  },
  E807: {
    title: 'A literal does not fit its parameter',
    explanation: `\`param %k "k": float32[3] = [1, 2, 3]\` gives one number an element, or one for all: \`= 6\`.`,
  },
  E810: {
    title: 'The data of a parameter is missing',
    explanation: `The graph names a parameter that the weight store does not hold. The model's weight files may be incomplete.`,
  },
  E820: {
    title: 'A rewrite goes on without end',
    explanation: `The rewrites of a pass are applied together until none applies. These always apply again: what one builds
matches it, or another one of the pass that leads back to it. Add a condition with \`where\` that is false for what is
built, or take one of them out of the pass.`,
  },
  E821: {
    title: 'A rewrite changes what a value is',
    explanation: `What a rewrite builds takes the place of the root of its match, so it must have the same element type and
shape, and as many results. A condition such as \`where same_type(m, x)\` leaves out the nodes where it would not.`,
  },
  E822: {
    title: 'A rewrite can not be applied where it matches',
    explanation: `The left side matches, and then the condition or the right side has no meaning: a name or an attribute is not
there, or an op that it builds refuses the operands. Ask for what the right side needs in \`where\`.`,
  },
  E830: {
    title: 'A pipeline or a case names what is neither a stage nor a pass',
    explanation: `The stages of a pipeline are stages of the compiler, passes, and single rewrites. The message lists those that
there are.`,
  },
  E832: {
    title: 'There is no such pipeline',
    explanation: `Pipelines are declared in rule files: \`pipeline NAME = stage; stage; …\`.`,
  },
  E840: {
    title: 'A constant can not be computed',
    explanation: `What parameters alone determine is computed once, when a model is compiled, by running the \`emit\` of the op in
TensorFlow.js; that failed. Most likely the \`emit\` does not fit the operands or attributes of this node.`,
  },
  E841: {
    title: 'A computed constant is not what its rule says',
    explanation: `The \`emit\` of an op gave another element type or shape than its \`axes\`, \`sizes\` and \`dtype\` say.`,
  },
  E850: {
    title: 'A .cases file can not be read',
    explanation: `A case is a title, a graph, and what is expected of it:

\`\`\`
== relu: channels flow
graph {
  input %x "x": float32[N,4]
  param %k "k": float32[4,6]
  %h = dense(x: %x, k: %k)
  %y = relu(x: %h)
  output "y": %y
}
-- types
%y: float32[N,6]
-- spaces
%k.1 frozen
-- emits
tf.matMul(x, k)
tf.relu(h)
-- after NAME
graph { … }
-- unchanged after NAME
-- error CODE
\`\`\`

\`NAME\` is a rewrite or a pass. Under \`unchanged after\` and \`error\` there may be parts of the reason or message.`,
  },
  E851: {
    title: 'A case expects something that is not so',
    explanation: `Correct the rule, or the case. \`UPDATE_CASES=1 npx vitest run test/rules\` writes what is so into the case.`,
  },
  E852: {
    title: 'A fact in a case can not be read',
    explanation: `Under \`-- types\`: \`%y: float32[N,8]\`. Under \`-- spaces\`, one a line or separated by \`;\`:

- \`%k.3 = %y.3 (8)\`: the same channels, and eight of them can be pruned;
- \`%a.1 != %b.1\`: no channel in common;
- \`%y.1 = (%x.1 %x.2)\`, \`%y.1 = (%a.1 + %b.1)\`: a product, a sum;
- \`%x.3 frozen\`, \`free\`, \`mixes\`, \`keep\`.`,
  },
  E853: {
    title: 'A case computes infinity, or no number',
    explanation: `Every case is run on made-up data: numbers from -1 to 1, or 0 to 2 for whole numbers. Where an op needs others,
the case says so: \`param %v "v": float32[8] = random(0.5, 2)\`, or \`= 6\`, or \`= [1, 2, 3]\`; an input takes \`random\` too.`,
  },
  E854: {
    title: 'A case computes different numbers',
    explanation: `A pass must not change what is computed, and a pruned network must compute what the original computes with its
removed channels masked, or with their weights set to zero, all to 1e-5 of the largest value. An example is the same alone
as with others in a batch, unless an axis says that it depends on them (\`fixed\`, \`mixes\`, a sum). So the rule is wrong:
its axes, its emit, the rewrite; or \`zeros\`, where only the weights make a difference.`,
  },
  E855: {
    title: 'A graph does not read back as it was printed',
    explanation: `The text of a graph, read again, must give the same graph. This is a fault of the compiler; please report it.`,
  },
  E856: {
    title: 'A rule has no case',
    explanation: `Beside every rule file stands a \`.cases\` file that uses each of its ops and shows a graph after each of its rewrites
and passes. Cases are computed: that is how a rule is known to be right. \`docs/cases.md\` describes them.`,
  },
} as const;
