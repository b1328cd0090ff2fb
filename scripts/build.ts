// Bundles what is published into dist/: code with esbuild, declarations with tsc, and the licences of what was bundled.
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { licenceNotices } from './licences.ts';

const browserEntries = {
  'client/index': 'src/client/index.ts',
  'protocol/index': 'src/protocol/index.ts',
};

const nodeEntries = {
  'cli/main': 'src/cli/main.ts',
  'byor/index': 'src/byor/index.ts',
  'testing/index': 'src/testing/index.ts',
  // Run in a thread of its own, by its place beside the other folders (src/runtime/tools/documents.ts).
  'workers/document': 'src/runtime/tools/document-worker.ts',
};

// These find a binary beside themselves, so they must stay packages of their own.
const external = ['@vscode/ripgrep', '@napi-rs/keyring'];

// Whoever imports zod's `z` object, as the model packages do, keeps its fifty languages: 600 KB, 20 ms of every start.
const englishOnly: Plugin = {
  name: 'english-only',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

const shared: BuildOptions & { metafile: true } = {
  bundle: true,
  splitting: true,
  format: 'esm',
  target: ['node22', 'es2023'],
  outdir: 'dist',
  legalComments: 'linked',
  metafile: true,
  plugins: [englishOnly],
  logLevel: 'warning',
};

await rm('dist', { recursive: true, force: true });
const [nodeBuild, browserBuild] = await Promise.all([
  build({
    ...shared,
    entryPoints: nodeEntries,
    platform: 'node',
    external,
    chunkNames: 'chunks/[name]-[hash]',
    // CommonJS parts inside call `require` for Node's built-ins, which an ES module does not have.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  }),
  // `neutral` refuses Node's built-ins, so an entry that stopped being safe in a browser breaks the build.
  build({
    ...shared,
    entryPoints: browserEntries,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    chunkNames: 'chunks/browser-[name]-[hash]',
  }),
  promisify(execFile)(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']),
]);
const inputs = [nodeBuild, browserBuild].flatMap(({ metafile }: { metafile: Metafile }) =>
  Object.keys(metafile.inputs),
);
await writeFile('dist/THIRD-PARTY-LICENSES.txt', licenceNotices(inputs));
