// Installs the packed package into an empty project, as its users will, and runs it there.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

type Run = { status: number | null; stdout: string; stderr: string };

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const project = realpathSync(mkdtempSync(path.join(tmpdir(), 'farhand-pack-')));
const failures: string[] = [];
try {
  installInto(project);
  checkFiles();
  checkCommand();
  checkImports();
  checkTypes();
  checkOldNode();
} finally {
  rmSync(project, { recursive: true, force: true });
}
for (const failure of failures) console.error(`FAILED ${failure}`);
process.exitCode = failures.length > 0 ? 1 : 0;

function installInto(folder: string): void {
  npm(process.cwd(), 'pack', '--loglevel=error', '--pack-destination', folder);
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (tarball === undefined) throw new Error(`npm pack left no tarball in ${folder}`);
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  npm(folder, 'install', '--ignore-scripts', '--no-audit', '--no-fund', `./${tarball}`);
}

function npm(cwd: string, ...args: string[]): void {
  execFileSync('npm', args, {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
}

function checkFiles(): void {
  const root = path.join(project, 'node_modules/farhand');
  const shipped = new Set(readdirSync(root));
  const expected = ['LICENSE', 'README.md', 'bin', 'dist', 'package.json'];
  check('ships the expected files and no others', sameMembers(shipped, expected), [...shipped].join(' '));
  const inDist = readdirSync(path.join(root, 'dist'), { recursive: true, encoding: 'utf8' });
  check(
    'ships the licences of what it bundles',
    inDist.includes('THIRD-PARTY-LICENSES.txt'),
    inDist.join(' '),
  );
  const strays = inDist.filter((file) => file.includes('.test.'));
  check('ships no tests', strays.length === 0, strays.join(' '));
}

function sameMembers(actual: ReadonlySet<string>, expected: readonly string[]): boolean {
  return actual.size === expected.length && expected.every((member) => actual.has(member));
}

function checkCommand(): void {
  const version = farhand(process.execPath, '--version');
  check('--version', version.status === 0 && version.stdout.trim() === manifest.version, shown(version));
  const help = farhand(process.execPath, '--help');
  check('--help', help.status === 0 && help.stdout.includes('farhand'), shown(help));
  check('--help warns of nothing', help.stderr === '', shown(help));
}

function checkImports(): void {
  for (const subpath of publicSubpaths()) {
    const source = `const names = Object.keys(await import('${subpath}')); if (names.length === 0) process.exit(3);`;
    const ran = run(process.execPath, ['--input-type=module', '--eval', source]);
    check(`import '${subpath}'`, ran.status === 0, shown(ran));
  }
}

function checkTypes(): void {
  const lines = publicSubpaths().map((subpath, i) => `import * as m${i} from '${subpath}'; void m${i};`);
  writeFileSync(path.join(project, 'consumer.ts'), lines.join('\n'));
  const tsc = path.resolve('node_modules/typescript/bin/tsc');
  const typeRoots = path.resolve('node_modules/@types');
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--types',
    'node',
    '--typeRoots',
    typeRoots,
  ];
  const ran = run(process.execPath, [tsc, ...options, 'consumer.ts']);
  check('the declarations of every import', ran.status === 0, shown(ran));
}

function publicSubpaths(): string[] {
  const subpaths = Object.keys(manifest.exports).filter((subpath) => subpath !== './package.json');
  return subpaths.map((subpath) => path.posix.join('farhand', subpath));
}

function checkOldNode(): void {
  const wanted = manifest.engines.node.replace('>=', '');
  const old = nodesOnPath().find((node) => isOlder(versionOf(node), wanted));
  if (old === undefined) {
    console.log(`NOT CHECKED what a Node older than ${wanted} is told: there is none on the PATH`);
    return;
  }
  const ran = farhand(old, '--help');
  const told = ran.stderr.includes(wanted) && ran.stderr.includes(versionOf(old));
  check(`Node ${versionOf(old)} is told what is needed`, ran.status === 1 && told, shown(ran));
}

function nodesOnPath(): string[] {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const candidates = folders.filter((folder) => folder !== '').map((folder) => path.join(folder, name));
  return candidates.filter((candidate) => spawnSync(candidate, ['--version']).status === 0);
}

function versionOf(node: string): string {
  return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1);
}

function isOlder(version: string, wanted: string): boolean {
  return version.localeCompare(wanted, 'en', { numeric: true }) < 0;
}

function farhand(node: string, ...args: string[]): Run {
  return run(node, [path.join('node_modules', 'farhand', manifest.bin.farhand), ...args]);
}

function run(command: string, args: readonly string[]): Run {
  return spawnSync(command, args, { cwd: project, encoding: 'utf8', timeout: 60_000 });
}

function shown({ status, stdout, stderr }: Run): string {
  return `exit code ${status}\n${stdout}${stderr}`.trimEnd();
}

function check(name: string, passed: boolean, detail: string): void {
  if (passed) console.log(`ok     ${name}`);
  else failures.push(`${name}: ${detail}`);
}
