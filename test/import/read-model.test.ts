import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { detectFormat } from '../../src/import/read-model.js';
import { diagnosticsOf, printDiagnostic } from './models.js';

/** A new folder with these files; text or bytes by name. */
async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-test-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

async function errorOf(files: Readonly<Record<string, string>>, name: string): Promise<string> {
  const found = await diagnosticsOf(detectFormat(join(await folderWith(files), name)));
  return found.map(printDiagnostic).join('\n');
}

describe('formats are told apart', () => {
  const graph = JSON.stringify({ modelTopology: { node: [] } });
  const layers = JSON.stringify({ modelTopology: { model_config: { class_name: 'Model' } } });

  test.each([
    [{ 'model.json': graph }, 'model.json', 'graph-model', 'model.json'],
    [{ 'model.json': graph }, '', 'graph-model', 'model.json'],
    [{ 'net.json': layers }, 'net.json', 'layers-model', 'net.json'],
    [
      { 'model.json': JSON.stringify({ modelTopology: { class_name: 'Model', config: {} } }) },
      '',
      'layers-model',
      'model.json',
    ],
    [{ 'net.ts': '' }, 'net.ts', 'module', 'net.ts'],
    [{ 'net.mjs': '' }, 'net.mjs', 'module', 'net.mjs'],
  ] as const)('%j %s', async (files, path, format, file) => {
    const folder = await folderWith(files as Record<string, string>);
    expect(await detectFormat(join(folder, path))).toEqual({ format, file: join(folder, file) });
  });
});

describe('everything else is an error that says what it is', () => {
  test('no such file', async () => {
    expect(await errorOf({}, 'gone.json')).toMatchInlineSnapshot(`
      "E210: there is no file gone.json
        at gone.json
        help: give the path of a model.json or trace.json, of a folder with one, or of a JavaScript module"
    `);
  });

  test('a folder without a model', async () => {
    expect(await errorOf({ 'm/weights.bin': '' }, 'm')).toMatchInlineSnapshot(`
      "E210: the folder m has no model.json and no trace.json
        at m
        because it has no .json file
        help: give the path of the model’s .json file itself"
    `);
    expect(await errorOf({ 'm/a.json': '', 'm/b.json': '' }, 'm')).toMatchInlineSnapshot(`
      "E210: the folder m has no model.json and no trace.json
        at m
        because it has a.json, b.json
        help: give the path of the model’s .json file itself"
    `);
  });

  test('a SavedModel', async () => {
    expect(await errorOf({ 'm/saved_model.pb': '' }, 'm')).toMatchInlineSnapshot(`
      "E212: m is a TensorFlow SavedModel, which is not read directly
        at m
        help: convert it: tensorflowjs_converter --input_format=tf_saved_model --output_format=tfjs_graph_model m OUTPUT_FOLDER"
    `);
  });

  test('Keras', async () => {
    expect(await errorOf({ 'm.h5': '' }, 'm.h5')).toMatchInlineSnapshot(`
      "E212: m.h5 is a Keras model in HDF5, which is not read directly
        at m.h5
        help: convert it: tensorflowjs_converter --input_format=keras --output_format=tfjs_graph_model m.h5 OUTPUT_FOLDER"
    `);
  });

  test('Keras 3', async () => {
    expect(await errorOf({ 'm.keras': '' }, 'm.keras')).toMatchInlineSnapshot(`
      "E212: m.keras is a Keras model, which is not read directly
        at m.keras
        help: export it from Python as a SavedModel, model.export('saved'), and convert that: tensorflowjs_converter --input_format=tf_saved_model --output_format=tfjs_graph_model saved OUTPUT_FOLDER"
    `);
  });

  test('ONNX', async () => {
    expect(await errorOf({ 'm.onnx': '' }, 'm.onnx')).toMatchInlineSnapshot(`
      "E212: m.onnx is no model that is read
        at m.onnx
        because ONNX models are not read
        help: give a TensorFlow.js model.json (GraphModel or LayersModel), a trace.json, or a JavaScript or TypeScript module"
    `);
  });

  test('a weight file', async () => {
    expect(await errorOf({ 'group1-shard1of1.bin': '' }, 'group1-shard1of1.bin')).toMatchInlineSnapshot(`
      "E212: group1-shard1of1.bin is no model that is read
        at group1-shard1of1.bin
        because it may hold weights; the model is the .json file beside it
        help: give a TensorFlow.js model.json (GraphModel or LayersModel), a trace.json, or a JavaScript or TypeScript module"
    `);
  });

  test('no JSON', async () => {
    expect(await errorOf({ 'model.json': '<!doctype html>' }, 'model.json')).toMatchInlineSnapshot(`
      "E211: model.json is not valid JSON
        at model.json
        because Unexpected token '<', "<!doctype html>" is not valid JSON
        help: give the model.json that the TensorFlow.js converter wrote, not a shard or a web page"
    `);
  });

  test('other JSON', async () => {
    expect(await errorOf({ 'package.json': '{"name": "x"}' }, 'package.json')).toMatchInlineSnapshot(`
      "E212: package.json is JSON, and neither a TensorFlow.js model nor a trace
        at package.json
        because it has no \`modelTopology\`
        help: give the model.json that the TensorFlow.js converter or \`model.save\` wrote, or the trace.json of the PyTorch tracer"
    `);
    expect(await errorOf({ 'model.json': '{"modelTopology": {"layers": []}}' }, 'model.json'))
      .toMatchInlineSnapshot(`
        "E212: model.json is JSON, and neither a TensorFlow.js model nor a trace
          at model.json
          because its \`modelTopology\` has neither a list \`node\` (GraphModel) nor a \`model_config\` (LayersModel)
          help: give the model.json that the TensorFlow.js converter or \`model.save\` wrote, or the trace.json of the PyTorch tracer"
      `);
    expect(await errorOf({ 'model.json': '[1, 2]' }, 'model.json')).toMatchInlineSnapshot(`
      "E212: model.json is JSON, and neither a TensorFlow.js model nor a trace
        at model.json
        because it has no \`modelTopology\`
        help: give the model.json that the TensorFlow.js converter or \`model.save\` wrote, or the trace.json of the PyTorch tracer"
    `);
  });
});
