/**
 * The parts of an emitted supernet: masks that are variables, and the methods that switch channels on and off while the
 * module runs.
 */
import type { DType, TensorType, ValueId } from '../ir/graph.js';
import { layOut, stringLiteral, text, type Code } from './code.js';
import type { Method, Property } from './declarations.js';

/**
 * What a mask is made of: a channel space; a number of channels that always stay; parts put end to end; or factors, the
 * outer first.
 */
export type MaskTerm =
  string | number | { readonly sum: readonly MaskTerm[] } | { readonly product: readonly MaskTerm[] };

/** What makes a graph a supernet. Its weights are variables. */
export interface SupernetParts {
  /** Sizes of the channel spaces by their ids. */
  readonly spaces: ReadonlyMap<string, number>;
  /** The parameters that are masks. Their data is not in the weights file: it is worked out from the subnet. */
  readonly masks: ReadonlyMap<ValueId, MaskTerm>;
  /** Parameters of which the module holds several sets, one for each of some subnets; null: one of each. */
  readonly switchable: {
    readonly sets: number;
    readonly parameters: ReadonlySet<ValueId>;
    /** What a parameter of a set is called in the weights file: around the set's number. */
    readonly nameInSet: (name: string, set: string) => string;
  } | null;
}

/** A mask of the module, in the order of `maskTerms`. */
export interface MaskVariable extends TensorType {
  readonly term: MaskTerm;
}

/** Names that the module of a supernet defines. */
export const supernetNames = [
  ...[
    'spaces',
    'SpaceId',
    'Subnet',
    'Bins',
    'MaskTerm',
    'maskTerms',
    'makeMasks',
    'maskValues',
    'spaceMasks',
  ],
  ...['spaceMask', 'masks', 'set', 'subnet', 'bins', 'index'],
];

/** What a module says about its channel spaces and masks. */
export function supernetDeclarations(
  spaces: SupernetParts['spaces'],
  masks: readonly MaskVariable[],
): string[] {
  const sizes: Code = {
    kind: 'object',
    entries: [...spaces].map(([id, size]) => [id, text(String(size))] as const),
  };
  const isPlain = onlyFloat(masks);
  const terms: Code = { kind: 'list', items: masks.map((mask) => maskCode(mask, isPlain)) };
  const fields = `readonly term: MaskTerm; readonly shape: readonly number[]${isPlain ? '' : '; readonly dtype: tf.DataType'}`;
  return [
    `/** The channel spaces, and how many channels each has. */\nexport const spaces = ${layOut(sizes, 0, 999)} as const;`,
    '/** The name of a channel space. */\nexport type SpaceId = keyof typeof spaces;',
    '/** The channels that stay, by space: their indices, or a mask with one entry a channel. Others keep all. */\n' +
      'export type Subnet = { readonly [space in SpaceId]?: readonly number[] | readonly boolean[] };',
    '/** By space, which bins of its channels are on: it is cut into as many as there are entries. Others keep all. */\n' +
      'export type Bins = { readonly [space in SpaceId]?: readonly boolean[] };',
    '/** A mask: a space, so many channels that stay, parts end to end, or factors with the outer first. */\n' +
      'type MaskTerm =\n  SpaceId | number | { readonly sum: readonly MaskTerm[] } | { readonly product: readonly MaskTerm[] };',
    `/** What the masks are made of. */\nconst maskTerms: readonly { ${fields} }[] = ${layOut(terms, 0, 999)};`,
  ];
}

const onlyFloat = (masks: readonly { readonly dtype: DType }[]): boolean =>
  masks.every(({ dtype }) => dtype === 'float32');

function maskCode({ term, shape, dtype }: MaskVariable, isPlain: boolean): Code {
  const sizes: Code = { kind: 'list', items: shape.map((size) => text(String(size))) };
  const entries: [string, Code][] = [
    ['term', termCode(term)],
    ['shape', sizes],
  ];
  return {
    kind: 'object',
    entries: isPlain ? entries : [...entries, ['dtype', text(stringLiteral(dtype))]],
  };
}

function termCode(term: MaskTerm): Code {
  if (typeof term === 'string') return text(stringLiteral(term));
  if (typeof term === 'number') return text(String(term));
  const [kind, parts] = 'sum' in term ? (['sum', term.sum] as const) : (['product', term.product] as const);
  return { kind: 'object', entries: [[kind, { kind: 'list', items: parts.map(termCode) }]] };
}

/** The functions that work masks out. */
export function supernetFunctions(masks: readonly MaskVariable[]): string[] {
  const isPlain = onlyFloat(masks);
  return [
    `/** The masks, with all channels on. Optimizers leave them alone. */
function makeMasks(made: tf.Tensor[]): tf.Variable[] {
  return maskTerms.map(({ shape${isPlain ? '' : ', dtype'} }) => {
    const mask = tf.tidy(() => tf.variable(tf.ones([...shape]${isPlain ? '' : ', dtype'}), false));
    made.push(mask);
    return mask;
  });
}`,
    `/** The numbers of a mask. */
function maskValues(term: MaskTerm, masks: ReadonlyMap<string, readonly number[]>): readonly number[] {
  if (typeof term === 'string') return masks.get(term)!;
  if (typeof term === 'number') return new Array<number>(term).fill(1);
  if ('sum' in term) return term.sum.flatMap((part) => maskValues(part, masks));
  return term.product
    .map((factor) => maskValues(factor, masks))
    .reduce((outer, inner) => outer.flatMap((a) => inner.map((b) => a * b)));
}`,
    `/** The masks of all spaces in a subnet. */
function spaceMasks(subnet: Subnet): ReadonlyMap<string, readonly number[]> {
  const unknown = Object.keys(subnet).find((id) => !Object.hasOwn(spaces, id));
  if (unknown !== undefined) throw new Error(\`There is no channel space \${unknown}\`);
  return new Map(
    Object.entries(spaces).map(([id, size]) => [id, spaceMask(id, size, subnet[id as SpaceId])]),
  );
}`,
    `/** The mask of a space: 1 for a channel that stays. */
function spaceMask(
  id: string,
  size: number,
  given: readonly number[] | readonly boolean[] | undefined,
): readonly number[] {
  const mask = new Array<number>(size).fill(given === undefined ? 1 : 0);
  const isMask = typeof given?.[0] === 'boolean';
  if (isMask && given.length !== size) throw new Error(\`\${id} has \${size} channels, and its mask \${given.length}\`);
  given?.forEach((entry, i) => {
    const channel = isMask ? i : Number(entry);
    if (mask[channel] === undefined) throw new Error(\`\${id} has channels 0 to \${size - 1}, not \${channel}\`);
    if (entry !== false) mask[channel] = 1;
  });
  if (!mask.includes(1)) throw new Error(\`\${id} would be left without channels\`);
  return mask;
}`,
  ];
}

/** The methods that change the subnet. */
export function supernetMethods(sets: number | null): Method[] {
  const methods: Method[] = [
    {
      name: 'setSubnet',
      doc: 'Switches channels on and off; what is switched off is kept, and can be switched on again.',
      parameters: [{ name: 'subnet', type: 'Subnet' }],
      returnType: 'void',
      statements: [
        'const masks = spaceMasks(subnet);',
        `this.masks.forEach((mask, i) => {
  const values = tf.tensor([...maskValues(maskTerms[i]!.term, masks)], mask.shape, mask.dtype);
  mask.assign(values);
  values.dispose();
});`,
      ],
    },
    {
      name: 'setMaxChannel',
      doc: 'Switches all channels on.',
      parameters: [],
      returnType: 'void',
      statements: ['this.setSubnet({});'],
    },
    {
      name: 'setChannelBins',
      doc: 'Switches channels by bins, as equal as whole channels allow: with all bins on, all channels are on.',
      parameters: [{ name: 'bins', type: 'Bins' }],
      returnType: 'void',
      statements: [
        `const masks = Object.entries(bins).map(([id, on]) => {
  const size = spaces[id as SpaceId];
  return [id, Array.from({ length: size }, (_, c) => on[Math.floor(((c + 1) * on.length - 1) / size)] ?? false)];
});`,
        'this.setSubnet(Object.fromEntries(masks));',
      ],
    },
  ];
  if (sets === null) return methods;
  return [
    ...methods,
    {
      name: 'switchSubnet',
      doc: `Goes to a subnet and to its set of normalisation parameters, 0 to ${sets - 1}.`,
      parameters: [
        { name: 'subnet', type: 'Subnet' },
        { name: 'index', type: 'number' },
      ],
      returnType: 'void',
      statements: [
        'const weights = this.sets[index];',
        `if (weights === undefined) throw new Error(\`There is no set \${index} of normalisation parameters\`);`,
        'this.setSubnet(subnet);',
        'this.weights = weights;',
      ],
    },
  ];
}

/** What the class of a supernet holds besides. */
export function supernetProperties(sets: number | null): Property[] {
  return [
    ...(sets === null ? [] : [{ name: 'sets', type: 'readonly Weights[]', isReadonly: true }]),
    { name: 'masks', type: 'readonly tf.Variable[]', isReadonly: true, isPrivate: true },
  ];
}
