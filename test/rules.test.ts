import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const families = 'REG|LINK|SEQ|SYNC|IN|QUE|APR|ABT|TOOL|HOME|ERR|SEC|SBX|CONTRACT|PERM|CMP|PROMPT';
const ruleId = new RegExp(`\\b(?:${families})-[1-9][0-9]?\\b`, 'g');
const defined = new RegExp(`^- \\*\\*((?:${families})-[0-9]+)\\*\\* .+\\.$`, 'gm');

const idsIn = (text: string): string[] => Array.from(text.matchAll(ruleId), ([id]) => id);

/** Every rule id in the sources and tests below a folder, with one place where it stands. */
function mentioned(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(folder, entry);
    if (!/\.tsx?$/.test(entry) || path.basename(entry) === path.basename(import.meta.filename)) continue;
    for (const id of idsIn(readFileSync(file, 'utf8'))) found.set(id, file);
  }
  return found;
}

describe('the rules', () => {
  const document = readFileSync('PROTOCOL.md', 'utf8');
  const rules = Array.from(document.matchAll(defined), ([, id]) => id ?? '');
  const inCode = new Map([...mentioned('src'), ...mentioned('test')]);

  it('are found, each defined once', () => {
    expect(rules.length).toBeGreaterThan(30);
    expect(rules.filter((id, index) => rules.indexOf(id) !== index)).toEqual([]);
  });

  it('of PROTOCOL.md are all kept or tested somewhere in the code', () => {
    expect(rules.filter((id) => !inCode.has(id))).toEqual([]);
  });

  it('that the code speaks of are all in PROTOCOL.md', () => {
    const unknown = [...inCode].filter(([id]) => !rules.includes(id));
    expect(unknown.map(([id, file]) => `${id} in ${file}`)).toEqual([]);
  });

  it('that PROTOCOL.md itself refers to are defined in it', () => {
    expect(idsIn(document).filter((id) => !rules.includes(id))).toEqual([]);
  });
});
