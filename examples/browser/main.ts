/** Classifies a picture with a module that Espalier has written: `?backend=webgl` or `?backend=webgpu`. */
import * as tf from '@tensorflow/tfjs-core';

/** A module for each backend, and its weights; only what is used is fetched. */
const classifiers = {
  webgl: async () => ({
    module: await import('./classifier/webgl/model.js'),
    weights: new URL('./classifier/webgl/weights.safetensors', import.meta.url),
  }),
  webgpu: async () => ({
    module: await import('./classifier/webgpu/model.js'),
    weights: new URL('./classifier/webgpu/weights.safetensors', import.meta.url),
  }),
};
const names = ['circle', 'square', 'triangle'];

const asked = new URLSearchParams(location.search).get('backend');
const backend = asked ?? ('gpu' in navigator ? 'webgpu' : 'webgl');
const { module, weights } = await classifiers[backend === 'webgpu' ? 'webgpu' : 'webgl']();
const model = await module.load(weights);

const picture = document.querySelector<HTMLImageElement>('#picture')!;
const answer = document.querySelector<HTMLOutputElement>('#answer')!;

async function classify(): Promise<void> {
  await picture.decode();
  const scores = tf.tidy(() => {
    const [height, width] = module.signature.inputs[0].shape.slice(1) as [number, number];
    const pixels = tf.div(tf.browser.fromPixels(picture), 255) as tf.Tensor3D;
    return model.predict(tf.expandDims(tf.image.resizeBilinear(pixels, [height, width])));
  });
  const values = Array.from(await scores.data());
  scores.dispose();
  const best = values.indexOf(Math.max(...values));
  answer.textContent = `${names[best]}, ${Math.round(100 * values[best]!)} % sure (${tf.getBackend()})`;
}

document.querySelector<HTMLInputElement>('#file')!.addEventListener('change', ({ target }) => {
  const [file] = (target as HTMLInputElement).files ?? [];
  if (file === undefined) return;
  picture.src = URL.createObjectURL(file);
  void classify();
});
await classify();
