/**
 * Builds what pages load, and the digest that shows which sources it was built from:
 *
 *   consent_server/embed/static/widget.js             the first part
 *   consent_server/embed/static/proof.js              the second part; the first one names it by its digest
 *   consent_server/embed/static/styles/<layout>.css   all styles of a site with this layout
 *   consent_server/embed/static/signals/<id>.js       one signal each, an expression
 *   consent_server/embed/static/widget.source.sha256
 *
 * The server puts a site's own build together: `!function(CONSENT_STYLE,CONSENT_SIGNALS){first part}(styles,signals)`.
 *
 * Digest: SHA-256, hexadecimal, over every source in order of its path (compared as bytes): the path from `widget/` with
 * forward slashes, a line feed, the size in bytes as decimal text, a line feed, the bytes. Sources are all files below `src/`, and
 * `build.mjs`, `package-lock.json` and `tsconfig.json`.
 */
import {createHash} from 'node:crypto';
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {brotliCompressSync} from 'node:zlib';
import {build, transform} from 'esbuild';
import {minify} from 'terser';

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, '..', 'consent_server', 'embed', 'static');
const read = (path) => readFileSync(join(here, path), 'utf8');

/** The shipped texts, and what the server writes out beside them. */
const NAMES = [...Object.keys(JSON.parse(read('../consent_server/embed/texts/en.json'))), 'services'];

/** The same as `shortName` in src/slot.ts; a test holds all three to each other. */
function shortName(name) {
  const hash = [...name].reduce((sum, character) => (sum * 3 + character.charCodeAt(0)) % 936, 1);
  return (hash + 360).toString(36);
}

/** Writes the names of texts short, and knows none that does not ship. */
const shortenSlots = {
  name: 'shorten-slots',
  setup({onLoad}) {
    onLoad({filter: /[\\/]src[\\/].*\.ts$/}, async ({path}) => {
      if (basename(path) === 'slot.ts') {
        return undefined;
      }
      const contents = readFileSync(path, 'utf8').replace(/\b(slot|text)\('(\w+)'([,)])/g, (_, call, name, next) => {
        if (!NAMES.includes(name)) {
          throw new Error(`${path}: no text is named ${name}`);
        }
        const short = JSON.stringify(shortName(name));
        return call === 'slot' ? short : `text(${short}${next}`;
      });
      return {contents, loader: 'ts'};
    });
  },
};

/** Names that both parts call each other by, and nobody else: one cache, so that both are given the same short ones. */
const INTERNAL =
  /^(rawState|readState|readToken|writeState|writeToken|createProven|createOpener|fetchPublished|idsOf|isAllowed|hold|standIns|started|scriptPolicy|proof|showOnce|republish|hasRun|settle|allows|learn|hear)$/;
const nameCache = {};

/** Bundles one entry; terser then finds a twentieth that esbuild leaves. */
async function bundle(entry, {format = 'iife', ...options} = {}) {
  const {outputFiles} = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    format,
    // What has constructable style sheets, which the widget needs, has all of it.
    target: 'es2021',
    charset: 'utf8',
    plugins: [shortenSlots],
    legalComments: 'none',
    minifySyntax: true,
    write: false,
    ...options,
    define: {IS_BUILT: 'true', ...options.define},
  });
  // A signal becomes an expression, what its module exports; as an argument it stays one, and leaves no name in the page.
  const text = outputFiles[0].text.replace(/export \{\s*(\w+) as default\s*\};\s*$/, 'return $1');
  const isSignal = format === 'esm';
  const {code = ''} = await minify(isSignal ? `f((()=>{${text}})())` : text, {
    ecma: 2020,
    toplevel: !isSignal,
    compress: {
      passes: 3,
      pure_getters: true,
      unsafe_arrows: true,
      unsafe_methods: true,
      keep_fargs: false,
      hoist_funs: true,
      inline: 1,
    },
    format: {ecma: 2020},
    mangle: {properties: {regex: INTERNAL}},
    nameCache,
  });
  return isSignal ? code.replace(/^f\((.*)\);$/s, '$1') : code;
}

const sha256 = (code) => createHash('sha256').update(code).digest();

/**
 * Ends code with so many line feeds that its digest is spelled alike in a name (base64url) and in an integrity (base64): the
 * first part holds both, and what is there twice costs a page nothing.
 */
function spelledAlike(code) {
  return /[-_]/.test(sha256(code).toString('base64url')) ? spelledAlike(`${code}\n`) : code;
}

/** What the build wrote, by its path below the target. */
const built = {};

built['proof.js'] = spelledAlike(await bundle('src/proof/index.ts'));
const digestOfProof = sha256(built['proof.js']);
const define = {
  PROOF_DIGEST: JSON.stringify(digestOfProof.toString('base64url')),
  PROOF_INTEGRITY: JSON.stringify(`sha256-${digestOfProof.toString('base64')}`),
};
built['widget.js'] = await bundle('src/index.ts', {define});

for (const layout of ['bar', 'box', 'centre']) {
  const sheet = read('src/ui/styles/base.css') + read(`src/ui/styles/${layout}.css`);
  const {code} = await transform(sheet, {loader: 'css', minify: true, target: 'es2021'});
  built[`styles/${layout}.css`] = code.trim();
}

for (const file of readdirSync(join(here, 'src', 'signals')).sort()) {
  if (!['index.ts', 'signal.ts'].includes(file)) {
    built[`signals/${basename(file, '.ts')}.js`] = await bundle(`src/signals/${file}`, {format: 'esm'});
  }
}

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
built['widget.source.sha256'] = `${digest.digest('hex')}\n`;

rmSync(target, {recursive: true, force: true});
for (const [path, content] of Object.entries(built)) {
  mkdirSync(dirname(join(target, path)), {recursive: true});
  writeFileSync(join(target, path), content);
}
for (const path of ['widget.js', 'proof.js', 'styles/bar.css']) {
  console.log(`${path}: ${built[path].length} characters, brotli ${brotliCompressSync(Buffer.from(built[path])).length}`);
}
