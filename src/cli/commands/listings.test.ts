import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aHome } from './test-home.ts';

describe('farhand agents and conversations', () => {
  it('list, show, create and delete', async () => {
    const { run, json } = aHome();
    const { agents } = await json('agents');
    expect(agents).toEqual([{ id: expect.stringMatching(/^agent-/), name: 'Farhand', model: 'demo' }]);
    const made = await json('agents', 'create', 'reviewer', '--model', 'ollama/llama3.1');
    expect(made).toMatchObject({ name: 'reviewer', model: 'ollama/llama3.1' });
    expect((await run('agents')).stdout).toBe(
      `${agents[0].id}  Farhand  demo\n${made.id}  reviewer  ollama/llama3.1\n`,
    );
    expect(await json('agents', 'show', 'reviewer')).toMatchObject({ id: made.id });
    expect((await run('agents', 'show', 'reviewer')).stdout).toContain(`id  `.trim());
    expect((await run('agents', 'show', 'agent-')).stderr).toContain('Write more of the id');
    expect((await run('agents', 'delete', 'reviewer')).stderr).toContain('Add --yes if you mean it');
    expect(await json('agents', 'delete', 'reviewer', '--yes')).toEqual({ deleted: made.id });
    expect((await json('agents')).agents).toHaveLength(1);
    const gone = await json('agents', 'show', 'reviwer');
    expect(gone).toEqual({
      error: { code: 'agent_not_found', message: expect.stringContaining('See farhand agents') },
    });
  });

  it('show what was said', async () => {
    const { run, json, folder } = aHome();
    expect((await run('conversations')).stdout).toBe('There is no conversation yet: farhand begins one.\n');
    expect((await run('conversations', 'create', 'conv-mine')).stdout).toContain(
      'farhand --conversation conv-mine',
    );
    await run('-p', 'ls', '--conversation', 'conv-mine');
    writeFileSync(join(folder, 'x'), '');
    expect((await run('conversations', 'show', 'conv-mine')).stdout).toMatch(
      /^› ls\n\[demo\] Calling LS\.\n● LS \.\n/,
    );
    const { messages, has_more } = await json('conversations', 'show', 'conv-mine', '--limit', '2');
    expect(messages).toHaveLength(2);
    expect(has_more).toBe(true);
    expect((await json('conversations', 'ls')).conversations).toEqual([
      expect.objectContaining({ id: 'conv-mine' }),
    ]);
    expect((await json('conversations', 'ls', '--agent', 'Farhand')).conversations).toHaveLength(1);
  });
});
