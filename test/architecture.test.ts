/** docs/architecture.md says that code goes one way. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../src', import.meta.url));

/** Folders of one line may use each other, and all lines above. */
const layers = [
  ['diagnostics'],
  ['files'],
  ['lang'],
  ['shapes', 'ir'],
  ['axes'],
  ['import'],
  ['prune'],
  ['emit'],
  ['passes'],
  ['verify'],
  ['cases'],
  ['supernet', 'compile'],
  ['backend'],
  ['cli'],
];
const rank = (folder: string): number => layers.findIndex((layer) => layer.includes(folder));

interface Import {
  readonly from: string;
  readonly to: string;
  readonly file: string;
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(join(source, file), 'utf8') }));

/** What files load of other folders; types alone load nothing. */
const imports: readonly Import[] = files
  .filter(({ file }) => file.includes('/'))
  .flatMap(({ file, text }) => {
    const loads = text.matchAll(/^(?:import|export) (?!type)[^;]*? from '(\.[^']+)'|import\('(\.[^']+)'\)/gm);
    return [...loads].map((match) => {
      const target = normalize(join(dirname(file), match[1] ?? match[2]!));
      return { from: file.split('/')[0]!, to: target.split('/')[0]!, file };
    });
  });

/** The packages that src loads, or finds files in; those of Node.js itself are named by `node:`. */
const packages = new Set(
  files
    .flatMap(({ text }) => [
      ...text.matchAll(
        /^(?:import|export) (?!type)[^;]*? from '([^.'][^']*)'|(?:\b(?:import|require|resolve|loadPackage|loadForEffect)|import\.meta\.url\))\('([^.'][^']*)'\)/gm,
      ),
    ])
    .map((match) => match[1] ?? match[2]!)
    .filter((name) => !name.startsWith('node:'))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/')),
);

it('src loads packages that are installed with it', () => {
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as Readonly<Record<string, object>>;
  expect([...packages].sort()).toEqual(Object.keys({ ...dependencies, ...optionalDependencies }).sort());
});

describe('the folders of src', () => {
  it('are all in docs/architecture.md', () => {
    const page = readFileSync(new URL('../docs/architecture.md', import.meta.url), 'utf8');
    const folders = readdirSync(source, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).filter((name) => !page.includes(`\`src/${name}\``))).toEqual([]);
    expect(folders.map(({ name }) => name).filter((name) => rank(name) < 0)).toEqual([]);
  });

  it('load one another in one direction', () => {
    expect(imports.length).toBeGreaterThan(200);
    const backwards = imports.filter(({ from, to }) => from !== to && rank(to) > rank(from));
    expect(backwards.map(({ file, to }) => `${file} loads ${to}`)).toEqual([]);
  });
});
