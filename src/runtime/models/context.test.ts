import { expect, it } from 'vitest';
import { systemPrompt } from './context.ts';

const context = { cwd: '/home/ada/engine', agentName: 'Ada', date: '2026-11-20', os: 'linux x64', tools: [] };

it('says who, where, when and on what', () => {
  const prompt = systemPrompt(context);
  for (const fact of ['You are Ada', '/home/ada/engine', '2026-11-20', 'linux x64'])
    expect(prompt).toContain(fact);
});

it('gives advice only for tools that are there', () => {
  const names = ['Read', 'Edit', 'Grep', 'Bash', 'AskUserQuestion'];
  const bare = systemPrompt(context);
  const full = systemPrompt({
    ...context,
    tools: [...names, 'Other', 'constructor'].map((name) => ({ name })),
  });
  expect(full.split('\n').length - bare.split('\n').length).toBe(names.length);
  expect(bare).not.toMatch(/AskUserQuestion|Grep/);
});

it('is the same for the same facts, and short', () => {
  expect(systemPrompt(context)).toBe(systemPrompt({ ...context }));
  expect(systemPrompt(context).length).toBeLessThan(2500);
});
