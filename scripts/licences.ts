import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

type Manifest = { name: string; version: string; license?: string };

const rule = '-'.repeat(80);

/**
 * The notices that must travel with a bundle, one section per bundled package.
 * `inputs` are the bundled files, relative to the working directory. Throws where a package names no licence at all.
 */
export function licenceNotices(inputs: readonly string[]): string {
  const folders = new Set(inputs.map(packageFolder).filter((folder) => folder !== undefined));
  const sections = [...folders].sort().map(section);
  return `This package contains code of the following packages.\n\n${sections.join('\n')}`;
}

function packageFolder(file: string): string | undefined {
  const marker = 'node_modules/';
  const start = file.lastIndexOf(marker);
  if (start < 0) return undefined;
  const inside = file.slice(start + marker.length).split('/');
  const name = inside.slice(0, file.startsWith('@', start + marker.length) ? 2 : 1);
  return file.slice(0, start + marker.length) + name.join('/');
}

function section(folder: string): string {
  const manifest: Manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  if (files.length === 0 && manifest.license === undefined) {
    throw new Error(
      `${manifest.name} has neither a licence file nor a licence field; it must not be bundled as it is.`,
    );
  }
  const texts = files.map((file) => readFileSync(path.join(folder, file), 'utf8').trim());
  const title = `${manifest.name} ${manifest.version} (${manifest.license ?? 'see below'})`;
  return [rule, title, rule, '', ...texts, ''].join('\n');
}
