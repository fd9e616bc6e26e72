// How the model and the picture of this example were made: node examples/browser/train.mjs
// Draws circles, squares and triangles, trains a small network on them with TensorFlow.js, and writes both.
import { writeFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs-node-gpu';

const size = 32;
const shapes = ['circle', 'square', 'triangle'];

// Numbers that look random, the same every time.
let state = 1;
const random = (low, high) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return low + (state / 2 ** 32) * (high - low);
};

/** Whether a point is inside a shape of radius 1 around the origin. */
const inside = {
  circle: (x, y) => x * x + y * y < 0.8,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.8,
  triangle: (x, y) => y < 0.6 && y > Math.abs(x) * 1.6 - 1,
};

/** Red, green and blue of every pixel of a shape, from 0 to 1, with soft edges. */
function draw(shape, { x, y, radius, angle, paint, ground }, width = size) {
  const pixels = new Float32Array(width * width * 3);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  for (let i = 0; i < width * width * 16; i++) {
    const pixel = i >> 4;
    const u = ((pixel % width) + ((i & 3) + 0.5) / 4) / width - x;
    const v = (Math.floor(pixel / width) + (((i >> 2) & 3) + 0.5) / 4) / width - y;
    const colour = inside[shape]((u * cos + v * sin) / radius, (v * cos - u * sin) / radius) ? paint : ground;
    for (let c = 0; c < 3; c++) pixels[pixel * 3 + c] += colour[c] / 16;
  }
  return pixels;
}

function randomLook() {
  const ground = [random(0, 1), random(0, 1), random(0, 1)];
  const paint = ground.map((value) => (value + random(0.35, 0.65)) % 1);
  return {
    x: random(0.4, 0.6),
    y: random(0.4, 0.6),
    radius: random(0.2, 0.4),
    angle: random(-0.4, 0.4),
    paint,
    ground,
  };
}

function examples(count) {
  const images = new Float32Array(count * size * size * 3);
  const labels = Array.from({ length: count }, (_, i) => i % shapes.length);
  labels.forEach((label, i) => images.set(draw(shapes[label], randomLook()), i * size * size * 3));
  return {
    x: tf.tensor4d(images, [count, size, size, 3]),
    y: tf.oneHot(tf.tensor1d(labels, 'int32'), shapes.length),
  };
}

/** A PNG file of red, green and blue. */
function png(pixels, width) {
  const rows = Buffer.alloc(width * (width * 3 + 1));
  pixels.forEach((value, i) => (rows[i + Math.floor(i / (width * 3)) + 1] = Math.round(value * 255)));
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(width, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const model = tf.sequential({ name: 'shapes' });
let seed = 1;
const conv = (name, filters, strides, more = {}) => {
  const kernelInitializer = tf.initializers.heNormal({ seed: seed++ });
  model.add(
    tf.layers.conv2d({ name, filters, strides, kernelSize: 3, padding: 'same', kernelInitializer, ...more }),
  );
  model.add(tf.layers.batchNormalization({ name: `${name}_norm` }));
  model.add(tf.layers.reLU({ name: `${name}_relu` }));
};
conv('stem', 16, 1, { inputShape: [size, size, 3] });
conv('middle', 24, 2);
conv('last', 32, 2);
model.add(tf.layers.globalAveragePooling2d({ name: 'pool' }));
model.add(tf.layers.dense({ name: 'classes', units: shapes.length, activation: 'softmax' }));

model.compile({ optimizer: tf.train.adam(0.005), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
const { x, y } = examples(3000);
await model.fit(x, y, { epochs: 12, batchSize: 50, shuffle: false, verbose: 0 });
const unseen = examples(600);
const [, accuracy] = model.evaluate(unseen.x, unseen.y);
console.log(`right on ${(100 * accuracy.dataSync()[0]).toFixed(1)} % of 600 pictures that it has not seen`);

await model.save(new URL('model', import.meta.url).href);
const look = {
  x: 0.5,
  y: 0.54,
  radius: 0.36,
  angle: 0.2,
  paint: [0.95, 0.62, 0.12],
  ground: [0.16, 0.3, 0.42],
};
writeFileSync(new URL('public/picture.png', import.meta.url), png(draw('triangle', look, 96), 96));
