/**
 * Builds the one file that pages load, and the digest that shows which sources it was built from.
 *
 *   consent_server/embed/static/widget.js
 *   consent_server/embed/static/widget.source.sha256
 *
 * Digest: SHA-256, hexadecimal, over every source in order of its path (compared as bytes): the path from `widget/` with
 * forward slashes, a line feed, the size in bytes as decimal text, a line feed, the bytes. Sources are all files below `src/`, and
 * `build.mjs`, `package-lock.json` and `tsconfig.json`.
 */
import {createHash} from 'node:crypto';
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {brotliCompressSync, gzipSync} from 'node:zlib';
import {build, transform} from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, '..', 'consent_server', 'embed', 'static');

/** The style sheet is a template literal; it travels minified. */
const minifyStyles = {
  name: 'minify-styles',
  setup({onLoad}) {
    onLoad({filter: /[\\/]ui[\\/]styles\.ts$/}, async ({path}) => {
      const source = readFileSync(path, 'utf8');
      const literal = source.slice(source.indexOf('`'), source.lastIndexOf('`') + 1);
      const {code} = await transform(literal.slice(1, -1), {loader: 'css', minify: true, target: 'es2020'});
      return {contents: source.replace(literal, () => JSON.stringify(code.trim())), loader: 'ts'};
    });
  },
};

const {outputFiles} = await build({
  absWorkingDir: here,
  entryPoints: ['src/index.ts'],
  bundle: true,
  format: 'iife',
  // What has constructable style sheets, which the widget needs, has all of it.
  target: 'es2021',
  minify: true,
  mangleProps: /^_/,
  charset: 'utf8',
  legalComments: 'none',
  plugins: [minifyStyles],
  write: false,
});
const script = Buffer.from(outputFiles[0].contents);

const sources = readdirSync(join(here, 'src'), {recursive: true, withFileTypes: true})
  .filter((entry) => entry.isFile())
  .map((entry) =>
    join(entry.parentPath ?? entry.path, entry.name)
      .slice(here.length + 1)
      .split('\\')
      .join('/'),
  )
  .concat('build.mjs', 'package-lock.json', 'tsconfig.json')
  .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
const digest = createHash('sha256');
for (const path of sources) {
  const bytes = readFileSync(join(here, path));
  digest.update(`${path}\n${bytes.length}\n`).update(bytes);
}

mkdirSync(target, {recursive: true});
writeFileSync(join(target, 'widget.js'), script);
writeFileSync(join(target, 'widget.source.sha256'), `${digest.digest('hex')}\n`);
const [gzip, brotli] = [gzipSync(script, {level: 9}).length, brotliCompressSync(script).length];
console.log(`widget.js: ${script.length} bytes, gzip ${gzip}, brotli ${brotli}`);
