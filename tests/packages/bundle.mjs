/** Bundles each vendor's file of vendors/ into a script of its own: node bundle.mjs FOLDER */
import {readdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';

const here = import.meta.dirname;
// The widget's own build brings it.
const {build} = createRequire(join(here, '../../widget/package.json'))('esbuild');

await build({
  entryPoints: readdirSync(join(here, 'vendors')).map((name) => join(here, 'vendors', name)),
  outdir: process.argv[2],
  bundle: true,
  minify: true,
  format: 'iife',
  platform: 'browser',
  target: 'es2022',
  define: {'process.env.NODE_ENV': '"production"', global: 'globalThis'},
  logLevel: 'warning',
});
