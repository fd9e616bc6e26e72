/** What the diagnostics of the kernel trace mean, as `espalier explain CODE` shows it. */
export const codes = {
  E250: {
    title: 'The model reads values that depend on its inputs',
    explanation: `A model that is code is compiled by running it a few times and recording its kernels. A value that is read
(\`dataSync\`, \`data\`, \`arraySync\`, \`array\`, \`bufferSync\`, \`print\`) and that depends on the inputs leads to a graph that
holds for the inputs of that run only: in

\`\`\`js
const y = x.sum().dataSync()[0] > 0 ? x.relu() : x.neg();
\`\`\`

the trace would see one branch and forget the other. Say it with tensors instead:

\`\`\`js
const y = tf.where(x.sum().greater(0), x.relu(), x.neg());
\`\`\`

or export the part before the read as the model, and do the rest in your own code. Values that do not depend on the inputs
may be read.`,
  },
  E251: {
    title: 'The model does not do the same in every run',
    explanation: `The model was run with batches of 2, 1 and 5 examples and with different data. Its kernels differed, so
there is no one graph for it. Usual causes are a branch on \`x.shape[0]\`, \`tf.squeeze(x)\` without axes (it drops a batch of
1), a random choice, or something kept from an earlier call. \`--input NAME=1,…\` fixes the batch.`,
  },
  E252: {
    title: 'A number does not follow the batch',
    explanation: `Sizes and attributes must be the same for every batch size, or a multiple of it. Others, such as
\`x.shape[0] + 1\` or \`Math.ceil(x.shape[0] / 2)\`, can't be compiled for any batch. \`--input NAME=1,…\` fixes the batch. Sizes that follow from the values of the inputs, such as
how many boxes non-maximum suppression leaves, can't be compiled at all: export the part before.`,
  },
  E253: {
    title: 'A constant is not the same in every run',
    explanation: `A tensor that the model makes from numbers must have the same values in every call. Where its shape has the
batch in it (\`tf.zeros([x.shape[0], 8])\`), all examples must get the same values. Random numbers, state kept between calls,
and values computed from the batch size are refused: in a compiled model they would be frozen to what the trace saw.`,
  },
  E254: {
    title: "The model's code failed",
    explanation: `An exception was thrown by the exported model, or by the function that makes it; the message is its own. It was
called with inputs of the shapes shown, on a TensorFlow.js backend in Node.js.`,
  },
  E255: {
    title: 'A disposed tensor is used',
    explanation: `\`tf.tidy\` disposes of every tensor made inside it, except those that it returns and those passed to \`tf.keep\`.
A weight made inside \`tf.tidy\`, or disposed of after the first call, is gone in the next.`,
  },
  E256: {
    title: 'A tensor type that can not be compiled',
    explanation: 'Tensors of float32, int32 and bool are compiled; strings and complex numbers are not.',
  },
  E257: {
    title: 'An input is too large to trace',
    explanation: 'Inputs are made in memory for the trace. `--input NAME=SHAPE` states a smaller shape.',
  },
  E258: {
    title: 'The model did not return tensors',
    explanation: `A model returns a tensor, a list of tensors, or an object of tensors by name. Tensors of another copy of
TensorFlow.js are no tensors here, because their kernels are not recorded: use the \`tf\` that the module is given.`,
  },
  E259: {
    title: 'A module can not be loaded',
    explanation: `The module, or one that it imports, is missing or has an error. JavaScript modules must run in Node.js as they
are. TypeScript modules are compiled without type checks; they may import other TypeScript files by relative paths, but not
by the path aliases of a tsconfig.json.`,
  },
  E260: {
    title: 'The inputs of a module are not described',
    explanation: `Next to \`function\`, \`inputs\` says by name what it is called with: a shape with null for the batch, an example
tensor (which fixes its shape), or \`{ shape, dtype }\`:

\`\`\`js
export default async (tf) => ({
  function: ({ image, mask }) => image.mul(mask),
  inputs: { image: [null, 32, 32, 3], mask: { shape: [null, 32, 32, 1], dtype: 'int32' } },
});
\`\`\`

With one input the function is given a tensor, with several an object.`,
  },
  E261: {
    title: 'A module returned no model',
    explanation: `The default export of a module returns \`{ model }\`, with a LayersModel or a GraphModel, or
\`{ function, inputs }\`.`,
  },
  E262: {
    title: 'A kernel attribute is not plain data',
    explanation:
      'Rules read attributes as numbers, strings, true and false, null, lists and objects of these.',
  },
  E263: {
    title: 'A tensor that did not come from a kernel',
    explanation: `Values are followed from kernel to kernel. A variable that is assigned while the model runs is state, which a
compiled model does not have: return the new value as an output, and give it back as an input.`,
  },
  E264: {
    title: 'A module makes another model every time',
    explanation: `Verification runs the module again and compares. \`Math.random\`, and with it the initialisers of
TensorFlow.js, gives the same numbers every time; other sources of change, such as the clock or \`crypto\`, do not.`,
  },
  E265: {
    title: 'An output that the runtime does not give',
    explanation: 'A model that is code can be compared with its compiled form at its own outputs only.',
  },
  E266: {
    title: 'TensorFlow.js can not load a LayersModel',
    explanation: `The message is its own. Layers that are not part of TensorFlow.js must be registered first: write a module that
does, and loads the model.

\`\`\`js
export default async (tf) => {
  tf.serialization.registerClass(MyLayer);
  return { model: await tf.loadLayersModel(handler) };
};
\`\`\``,
  },
  E267: {
    title: 'A module exports no function by default',
    explanation: `A model that is code is a module whose default export is a function. It is called with the namespace of
TensorFlow.js: \`export default async (tf) => ({ function: (x) => x.relu(), inputs: { x: [null, 4] } });\``,
  },
} as const;
