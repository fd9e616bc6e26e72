/** Codes of the importers: from a model's own graph to the compiler's. */
export const codes = {
  E201: {
    title: 'an operation without a rule',
    explanation: `
The model has an operation that no rule knows. Nothing is guessed: an operation is what a rule says it is.

Write a rule file and give it with \`--rules my.rules\`. The message prints a skeleton with the operation's operands and
attributes filled in: name the axes (equal names are the same channels), and say how to write it in TensorFlow.js.
See \`docs/writing-rules.md\`.`,
  },
  E202: {
    title: 'an operation that none of its rules fits',
    explanation: `
There are rules for an operation of this type, but each of them asks for something that this node has not: another
number of operands, an attribute that its \`when\` excludes, or an operand that is known at compile time.
The message lists every \`from\` that was tried and why it did not fit.

Add a \`from\` for this case to the rule, or, from your own rule file, an \`op\` with a \`from\` that covers it.`,
  },
  E203: {
    title: 'a node that does not fit its rule',
    explanation: `
A rule matches the node, and then its axes, sizes or attributes do not work out for the node's operands. Either the rule
is wrong, or the model is. The message says which axis or attribute, and where in the rule.`,
  },
  E204: {
    title: "the rule's result is not what the source says",
    explanation: `
The source of the model recorded the type and shape of every value, and the rule gives another one. The rule is wrong
for this node: look at its \`axes\`, \`sizes\` and \`dtype\`.`,
  },
  E205: {
    title: 'an axis order that can not be compared',
    explanation: `
A \`from\` such as \`Conv2D(x[n, c, h, w], …)\` states the source's axis order, and the importer puts in a permutation. For
that, the same axes must occur in the op's \`axes\` clause for this operand, each exactly once; and some op of the rules
must have the axes \`y = permute(x, perm)\`.`,
  },
  E206: {
    title: 'nothing can be compiled before the data-dependent part',
    explanation: `
Operations whose results depend on the values of data (loops, non-maximum suppression) stay behind as the model's tail.
Here everything depends on them, so nothing is left to compile.`,
  },
  E207: {
    title: 'an output that its node does not have',
    explanation: `
A node reads an output of another node that the rule for that node does not give. Name the outputs in the rule's \`from\`:
\`from tf Split(x) -> ys\`.`,
  },
  E208: {
    title: 'an input whose shape is not known',
    explanation: `
The compiler needs every size but the batch, which stays symbolic. State the shape: \`--input NAME=N,224,224,3\`, where N
is the batch.`,
  },
  E209: {
    title: '`--input` does not fit the model',
    explanation: `
\`--input NAME=SHAPE\` gives sizes that the model leaves open. NAME must be one of the model's inputs, and sizes that the
model states must stay as they are.`,
  },
  E210: {
    title: 'no such model',
    explanation: `
MODEL is the path of a TensorFlow.js model: a \`model.json\`, a folder with one, or a JavaScript or TypeScript module that
exports a function.`,
  },
  E211: {
    title: 'not JSON',
    explanation:
      'The file ends in .json, and its text is not JSON. It may be damaged, or be a web page saved by mistake.',
  },
  E212: {
    title: 'a format that is not read',
    explanation: `
TensorFlow.js GraphModels and LayersModels are read, and JavaScript or TypeScript modules. Others can be converted:
\`tensorflowjs_converter --input_format=tf_saved_model\` (or \`keras\`, \`tf_hub\`) \`--output_format=tfjs_graph_model\`.`,
  },
  E213: {
    title: 'a damaged model file',
    explanation:
      'The file is JSON, and has not the structure of a TensorFlow.js model. Convert or download it again.',
  },
  E214: {
    title: 'an input that is not a tensor of numbers',
    explanation: 'Inputs are float32, int32 or bool. Text and captured variables can not be compiled.',
  },
  E215: {
    title: 'an output that the model does not have',
    explanation: 'Outputs are named after nodes of the graph: `NODE`, or `NODE:1` for its second output.',
  },
  E216: {
    title: 'the right side of a rule can not be built',
    explanation:
      'An expansion or a rewrite names a value or an operation that is not there. Correct the rule.',
  },
  E217: {
    title: 'a loop or a list that can not be unrolled',
    explanation: `
Loops whose number of turns is known at compile time are unrolled, and lists of tensors with them. Here it is not known,
or the loop is too long, or a list is used in a way that has no fixed form.`,
  },
} as const;
