import { describe, expect, it } from 'vitest';
import { familyOf, type PresetName, presets, wordingOf } from './presets.ts';
import { type PromptFacts, promptSections, promptText, readMemory, readSystem } from './sections.ts';

const facts: PromptFacts = {
  agentName: 'Ada',
  model: 'anthropic/claude-sonnet',
  system: { preset: 'default', append: '' },
  tools: [{ name: 'Read' }, { name: 'constructor' }],
  memory: [{ label: 'human', value: 'Likes tea.', description: 'Who they are' }],
  instructions: [{ path: '/p/AGENTS.md', text: 'Use tabs.' }],
  deeper: ['web/AGENTS.md'],
  planning: null,
  cwd: '/home/ada/engine',
  date: '2026-11-20',
  os: 'linux x64',
};
const names = (given: Partial<PromptFacts>) => promptSections({ ...facts, ...given }).map(({ name }) => name);
const text = (given: Partial<PromptFacts> = {}) => promptText(promptSections({ ...facts, ...given }));

describe('[PROMPT-1] a system prompt', () => {
  it('has what changes least first, and nothing empty', () => {
    expect(names({})).toEqual(['instructions', 'tools', 'memory', 'project', 'environment']);
    expect(names({ planning: '/plan.md' })).toContain('plan');
    expect(names({ tools: [], memory: [], instructions: [], deeper: [] })).toEqual([
      'instructions',
      'environment',
    ]);
  });

  it('begins alike whatever the day and the folder are', () => {
    const [today, tomorrow] = [text(), text({ date: '2026-11-21', cwd: '/elsewhere' })];
    const same = [...today].findIndex((character, n) => character !== tomorrow[n]);
    expect(today.slice(same)).not.toContain('Use tabs.');
  });

  it('says who, where, when, what is remembered and what the project wants', () => {
    const facts_ = [
      'You are Ada',
      '/home/ada/engine',
      '2026-11-20',
      'Likes tea.',
      'Use tabs.',
      'web/AGENTS.md',
    ];
    for (const fact of facts_) expect(text()).toContain(fact);
  });

  it('gives advice only for tools that are there', () => {
    expect(text()).toContain('Read a file before');
    expect(text()).not.toMatch(/TodoWrite|Grep/);
  });
});

describe('the wording', () => {
  const all = Object.keys(presets) as PresetName[];

  it.each(all)('%s names the agent, the limits and what denials mean', (preset) => {
    const words = wordingOf(preset, 'demo', 'Ada');
    expect(words).toContain('Ada');
    expect(words).toContain('show secrets');
    expect(words).toMatch(/[Dd]eni/);
    expect(words.length).toBeLessThan(3_000);
    expect(/[Mm]emory/.test(words)).toBe(presets[preset].remembers);
  });

  it('is another one for each family', () => {
    expect(
      new Set(all.filter((one) => one !== 'default').map((one) => wordingOf(one, 'demo', 'Ada'))).size,
    ).toBe(6);
  });

  it.each([
    ['anthropic/claude-sonnet', 'claude'],
    ['openai/gpt-5', 'codex'],
    ['openai/o4-mini', 'codex'],
    ['openrouter/openai/gpt-oss-120b', 'codex'],
    ['google/gemini-3-pro', 'gemini'],
    ['ollama/gemma3', 'gemini'],
    ['ollama/qwen3', 'claude'],
    ['demo', 'claude'],
  ] as const)('of the default preset for %s is that of %s', (handle, family) => {
    expect(familyOf(handle)).toBe(family);
    expect(wordingOf('default', handle, 'Ada')).toBe(wordingOf(`letta-${family}`, 'demo', 'Ada'));
  });
});

describe('what clients give', () => {
  it.each([
    [undefined, { preset: 'default', append: '' }],
    ['codex', { preset: 'codex', append: '' }],
    ['Be brief.', { text: 'Be brief.' }],
    ['constructor', { text: 'constructor' }],
    [
      { type: 'preset', preset: 'gemini', append: 'Be brief.' },
      { preset: 'gemini', append: 'Be brief.' },
    ],
    [
      { type: 'preset', preset: 'nonsense' },
      { preset: 'default', append: '' },
    ],
    [17, { preset: 'default', append: '' }],
    [null, { preset: 'default', append: '' }],
  ])('as system: %j', (given, read) => {
    expect(readSystem(given)).toEqual(read);
  });

  it('as memory: blocks with a label and a value', () => {
    const block = { label: 'persona', value: 'Calm.' };
    expect(readMemory([block, { label: 'empty', value: ' ' }, { value: 'x' }, null, 3])).toEqual([block]);
    expect(readMemory('persona')).toEqual([]);
  });

  it('as a text of their own: it stands alone, and the rest still follows', () => {
    const own = text({ system: { text: 'Be brief.' } });
    expect(own).toMatch(/^Be brief\.\n/);
    expect(own).toContain('Use tabs.');
  });
});
