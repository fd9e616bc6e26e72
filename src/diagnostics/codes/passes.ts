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
} as const;
