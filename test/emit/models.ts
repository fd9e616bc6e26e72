/** Models for the tests of emitted modules. */
import type { Graph, WeightStore } from '../../src/ir/graph.js';
import { model } from './support.js';

/** A stem, a scaled skip connection, and a dense head: small enough to read. */
export function smallModel(): { graph: Graph; weights: WeightStore } {
  return model(`graph "tiny_net" {
    input %image "image": float32[N,8,8,3]
    param %stemK "tiny/stem/kernel": float32[3,3,3,4]
    param %stemB "tiny/stem/bias": float32[4]
    param %half "tiny/scale/y": float32[] = 0.5
    param %mean "tiny/shift/y": float32[] = 0.00784313725
    param %denseK "tiny/dense/kernel": float32[4,2]
    %a = conv(x: %image, k: %stemK, b: %stemB) { stride: [2, 2] } in "tiny/stem" from "tiny/stem/Conv2D" Conv2D
    %b = times(x: %a, y: %half) in "tiny" from "tiny/scale/mul" Mul
    %c = plus(x: %b, y: %mean) in "tiny" from "tiny/shift/add" AddV2
    %d = plus(x: %a, y: %c) in "tiny" from "tiny/skip" AddV2
    %e = pool(x: %d) in "tiny" from "tiny/Mean" Mean
    %f = dense(x: %e, k: %denseK) in "tiny/dense" from "tiny/dense/MatMul" MatMul
    output "logits": %f
  }`);
}

/** A stem, nine equal blocks with skip connections, a head; two outputs. */
export function blocksModel(): { graph: Graph; weights: WeightStore } {
  const block = (i: number): string => {
    const x = i === 0 ? 'h' : `a${i - 1}`;
    return `
  param %ke${i} "net/block_${i}/expand/kernel": float32[1,1,8,16]
  param %be${i} "net/block_${i}/expand/bias": float32[16]
  param %kp${i} "net/block_${i}/project/kernel": float32[3,3,16,8]
  %e${i} = conv(x: %${x}, k: %ke${i}, b: %be${i}) in "net/block_${i}/expand" from "net/block_${i}/expand/Conv2D" Conv2D
  %l${i} = leaky(x: %e${i}) { alpha: 0.10000000149011612 } in "net/block_${i}/expand" from "net/block_${i}/expand/LeakyRelu" LeakyRelu
  %p${i} = conv(x: %l${i}, k: %kp${i}, b: none) in "net/block_${i}/project" from "net/block_${i}/project/Conv2D" Conv2D
  %a${i} = plus(x: %p${i}, y: %${x}) in "net/block_${i}" from "net/block_${i}/add" Add`;
  };
  return model(`graph "my_net" {
  input %x "image": float32[N,8,8,3]
  param %k "net/stem/kernel": float32[3,3,3,8]
  param %half "net/scale/y": float32[] = 0.5
  param %alpha "net/prelu/alpha": float32[8]
  param %w "net/head/dense/kernel": float32[5,4]
  %s = conv(x: %x, k: %k, b: none) { stride: [2, 2] } in "net/stem" from "net/stem/Conv2D" Conv2D
  %h = times(x: %s, y: %half) in "net" from "net/scale/mul" Mul
  ${Array.from({ length: 9 }, (_, i) => block(i)).join('\n')}
  %pr = prelu(x: %a8, alpha: %alpha) in "net/head" from "net/head/PRelu" Prelu
  %sw = swish(x: %pr) in "net/head" from "net/head/swish" Swish
  %pool = pool(x: %sw) in "net/head" from "net/head/Mean" Mean
  %q1, %q2 = parts(x: %pool) { sizes: [3, 5] } in "net/head" from "net/head/split" Split
  %d = dense(x: %q2, k: %w) in "net/head" from "net/head/dense/MatMul" MatMul
  %v, %i = top(x: %d) in "net/head" from "net/head/top/TopKV2" TopKV2
  %j = join(xs: [%d, %q1]) in "net/head" from "net/head/concat" ConcatV2
  output "scores": %j
  output "best": %i
}`);
}

/** Two inputs, whose batch goes into shapes and sizes; a constant output; an output that is an input. */
export function batchModel(): { graph: Graph; weights: WeightStore } {
  return model(`graph "batch" {
    input %a "a": float32[N,2,3]
    input %b "b/in": float32[N,6]
    param %bias "bias": float32[6]
    %flat = flatten(x: %a) { shape: [N, 6] }
    %sum = plus(x: %flat, y: %b)
    %wide = stretch(x: %bias) { shape: [N, 6] }
    %all = join(xs: [%sum, %wide])
    %sizes = sizes(x: %all)
    output "all": %all
    output "sizes": %sizes
    output "b again": %b
    output "__proto__": %bias
  }`);
}
