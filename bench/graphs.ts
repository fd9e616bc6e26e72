/** Synthetic networks as IR text, for benchmarks: the structure of DenseNet-201, and residual chains of any length. */

class Text {
  readonly #parameters: string[] = [];
  readonly #nodes: string[] = [];
  #count = 0;

  parameter(shape: readonly number[]): string {
    const id = `%p${this.#count++}`;
    this.#parameters.push(`  param ${id} "${id.slice(1)}": float32[${shape.join(', ')}]`);
    return id;
  }

  node(op: string, operands: string, attrs = ''): string {
    const id = `%v${this.#count++}`;
    this.#nodes.push(`  ${id} = ${op}(${operands}) {${attrs === '' ? '' : ` ${attrs} `}}`);
    return id;
  }

  graph(input: string, output: string): string {
    return [
      'graph "bench" {',
      `  input ${input}`,
      ...this.#parameters,
      ...this.#nodes,
      `  output "y": ${output}`,
      '}',
    ].join('\n');
  }

  conv(x: string, i: number, o: number, kernel = 3): string {
    const k = this.parameter([kernel, kernel, i, o]);
    return this.node('conv2d', `x: ${x}, k: ${k}`, `stride: [1, 1], pad: 'same'`);
  }

  batchNorm(x: string, c: number): string {
    const [gamma, beta, mean, variance] = [0, 1, 2, 3].map(() => this.parameter([c]));
    return this.node(
      'batch_norm',
      `x: ${x}, gamma: ${gamma}, beta: ${beta}, mean: ${mean}, variance: ${variance}`,
      'epsilon: 0.001',
    );
  }

  relu(x: string): string {
    return this.node('relu', `x: ${x}`);
  }
}

/** DenseNet with the given numbers of layers a block: growth 32, pre-activation, halving transitions. */
export function denseNet(blocks: readonly number[]): string {
  const text = new Text();
  let channels = 64;
  let x = text.conv('%x', 3, channels);
  blocks.forEach((layers, block) => {
    for (let layer = 0; layer < layers; layer++) {
      const squeezed = text.conv(text.relu(text.batchNorm(x, channels)), channels, 128, 1);
      const grown = text.conv(text.relu(text.batchNorm(squeezed, 128)), 128, 32);
      x = text.node('concat', `xs: [${x}, ${grown}]`, 'axis: 3');
      channels += 32;
    }
    if (block < blocks.length - 1) {
      x = text.conv(text.relu(text.batchNorm(x, channels)), channels, channels / 2, 1);
      channels /= 2;
    }
  });
  return text.graph(
    '%x "x": float32[N, 56, 56, 3]',
    text.conv(text.relu(text.batchNorm(x, channels)), channels, 10, 1),
  );
}

export const denseNet201 = (): string => denseNet([6, 12, 48, 32]);

/** About `nodes` nodes of convolution, batch normalisation, ReLU and additions over two, in blocks of eight. */
export function residualChain(nodes: number, kernel = 3): string {
  const text = new Text();
  let x = text.conv('%x', 3, 16);
  for (let n = 8; n < nodes; n += 8) {
    const inner = text.relu(text.batchNorm(text.conv(x, 16, 32, kernel), 32));
    const outer = text.batchNorm(text.conv(inner, 32, 16, kernel), 16);
    x = text.relu(text.node('add', `x: ${x}, y: ${outer}`));
  }
  return text.graph('%x "x": float32[N, 32, 32, 3]', text.conv(x, 16, 10));
}
