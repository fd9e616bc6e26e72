/** What the messages about running and writing `emit` expressions mean. */
export const codes = {
  E501: {
    title: 'A backend is not installed',
    explanation: `Espalier computes with TensorFlow.js, on one of its backends. \`cpu\` and \`wasm\` come with Espalier.
\`node-gpu\` needs the package \`@tensorflow/tfjs-node-gpu\` and a native library, which
\`espalier backend install\` builds; \`node\` needs \`@tensorflow/tfjs-node\`; \`webgpu\` in Node.js needs
\`@tensorflow/tfjs-backend-webgpu\` and \`webgpu\`.`,
  },
  E502: {
    title: 'A backend does not start',
    explanation: `The package of the backend is installed, but TensorFlow.js could not initialise it on this machine,
for instance because it has no GPU. In Node.js, \`webgpu\` needs the Vulkan loader (Debian: libvulkan1) and a driver; the
variable \`VK_ICD_FILENAMES\` may name one, and \`XDG_RUNTIME_DIR\` must be set.`,
  },
  E503: {
    title: 'An operation that can not be written in TensorFlow.js',
    explanation: `Every node that is left at the end of the pipeline is written as its rule's \`emit\` says. This one has
none, or only some with conditions that don't hold for the node. Either add an \`emit\`, or a rewrite that replaces the
operation by others:

\`\`\`
op swish(x) -> y {
  axes  x[a...] -> y[a...]
  emit  tf.mul(x, tf.sigmoid(x))
}
\`\`\``,
  },
  E504: {
    title: 'An emit computes with tensors at compile time',
    explanation: `In an \`emit\`, operators, list functions and loops compute with attributes and sizes, which are known
at compile time; tensors are not. Tensors go into calls on \`tf\` and \`helper\`, into lists and objects, and into the
functions that ask for their type: \`shape\`, \`rank\`, \`dtype\`, \`size\`, \`len\`. A condition may ask whether an
optional operand is there: \`if b then … else …\`.`,
  },
  E505: {
    title: 'An unknown helper',
    explanation: `\`helper.NAME(…)\` calls a function that a \`.helpers.ts\` file beside the rules exports. It is copied
into the emitted module once.`,
  },
  E506: {
    title: 'An emit gives the wrong number of tensors',
    explanation: `The value of an \`emit\` is a tensor; for an operation with several results it is a list of as many
tensors:

\`\`\`
op topk(x) -> values, indices {
  …
  emit  let top = tf.topk(x, k) in [top.values, top.indices]
}
\`\`\``,
  },
  E507: {
    title: 'TensorFlow.js has no such function',
    explanation: `An \`emit\` calls a function that the namespace \`tf\` of \`@tensorflow/tfjs-core\` does not have.`,
  },
  E508: {
    title: 'An emit disagrees with the axes of its rule',
    explanation: `The axes, sizes and dtype of a rule say what type a result has, and the \`emit\`, when it ran, gave
another. One of them is wrong.`,
  },
  E509: {
    title: 'An input does not fit the model',
    explanation: `A model was run with an input that is missing, or has another shape or element type than the model's
signature says. Sizes that are multiples of the batch must agree with each other.`,
  },
  E510: {
    title: 'An expression in an emit has no value',
    explanation: `Attributes and sizes in an \`emit\` are evaluated at compile time, for every node. Here that failed: a
name that is no operand, attribute or axis of the rule, an operator on the wrong kind of value, an index that is not
there.`,
  },
  E511: {
    title: 'No tensor tells the batch size',
    explanation: `A shape in an operation's attributes contains the symbolic batch, so the emitted module has to find out
the batch size when it runs; but no input of the model has an axis that is the batch.`,
  },
  E512: {
    title: 'The emitted module does not type-check',
    explanation: `What Espalier writes is type-checked under \`strict\` before it is given out. An \`emit\` calls a
function of TensorFlow.js, or a helper, with arguments that its declaration does not take.`,
  },
  E513: {
    title: 'An emitted module imports something else',
    explanation: `To verify a compiled folder, Espalier runs its \`model.ts\`. An emitted module imports nothing but
TensorFlow.js, so one that does is not run.`,
  },
  E514: {
    title: 'The emitted module is no supernet',
    explanation: `Only a module that was compiled with \`--supernet\` has masks that can be switched while it runs.`,
  },
  E515: {
    title: 'A function of TensorFlow.js does not run on the backend',
    explanation: `Every backend of TensorFlow.js lacks some kernels; \`rules/kernels.json\` says which functions need one that
is missing. A rule may write the operation in other ways there, \`emit when backend == 'wasm': …\`. This one does not, so
the module could not run, and is not written.`,
  },
  E516: {
    title: 'A helper gives back a tensor that it was given',
    explanation: `Emitted modules free a tensor after the last statement that reads it. If a helper returned its argument, one tensor
would have two names, and be freed while it is still read. \`tf.clone(x)\` is a new tensor with the same data, and copies
nothing.`,
  },
  E790: {
    title: 'A damaged safetensors file',
    explanation: `A safetensors file starts with the length of its header, then has the header (JSON, which says where
each tensor is), then the data. Something in this one contradicts itself, so nothing of it was read.`,
  },
} as const;
