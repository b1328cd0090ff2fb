import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { LanguageModelV4FunctionTool, LanguageModelV4Prompt } from '@ai-sdk/provider';
import { promptSections, promptText } from '../src/runtime/prompt/sections.ts';
import { tools } from '../src/runtime/tools/index.ts';

/** Reads the answer to one user message and calls `onText` with each delta. Resolves at the end of the stream. */
export type BareReader = (text: string, onText?: (text: string) => void) => Promise<void>;

/** The provider package that Farhand uses, asked for what Farhand asks (the same prompt and tools), and nothing else. */
export function bareReader(baseURL: string): BareReader {
  const model = createOpenAICompatible({ name: 'bare', baseURL, includeUsage: true }).chatModel('bench');
  const sections = promptSections({
    agentName: 'Farhand',
    model: 'openai-compatible/bench',
    system: { preset: 'default', append: '' },
    tools,
    memory: [],
    instructions: [],
    deeper: [],
    planning: null,
    cwd: process.cwd(),
    date: new Date().toISOString().slice(0, 10),
    os: process.platform,
  });
  const system = promptText(sections);
  const offered = tools.map(
    ({ name, description, parameters }): LanguageModelV4FunctionTool => ({
      type: 'function',
      name,
      description,
      inputSchema: parameters,
    }),
  );
  return async (text, onText) => {
    const prompt: LanguageModelV4Prompt = [
      { role: 'system', content: system },
      { role: 'user', content: [{ type: 'text', text }] },
    ];
    const { stream } = await model.doStream({ prompt, tools: offered });
    for await (const part of stream) {
      if (part.type === 'text-delta') onText?.(part.delta);
      else if (part.type === 'error') throw new Error(`The model endpoint failed: ${part.error}`);
    }
  };
}
