/** Diagnostics of shape and axis inference. */
export const codes = {
  E301: {
    title: 'A node does not fit its rule',
    explanation:
      'The shapes of the operands, the attributes and the axes of the rule contradict each other: an axis has one ' +
      'size in one place and another elsewhere, a product can’t be divided, a rank is wrong. Either the rule is wrong ' +
      'for this node, or its `from` clause reads the wrong attribute.',
  },
  E302: {
    title: 'An attribute names a size and can’t follow it',
    explanation:
      'After pruning, every number that names a size must change with it. The compiler can do that where the rule ' +
      'says which attribute it is: an attribute named like an axis, `where |c*| = sizes`, or a plain attribute as the ' +
      'argument of an axis function. Here the size follows from a longer expression.',
  },
  E303: {
    title: 'There is no such axis',
    explanation: 'Axes are named by a channel space (see `espalier groups`) or as `node[dimension]`.',
  },
} as const;
