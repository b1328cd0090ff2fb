import type { CommandFrame } from '../../protocol/frames.ts';
import type { ToolResult } from '../tools/tool.ts';

export type ExternalAnswer = Pick<CommandFrame<'external_tool_call_response'>, 'result' | 'error'>;

/** Models read at most this much of one result; all of it goes into every later request of the conversation. */
const maxText = 100_000;

/** What a model is told of a client's answer. */
export function externalResult(name: string, { result, error }: ExternalAnswer): ToolResult {
  if (error !== undefined || !result) return { status: 'error', text: clip(`${name} failed: ${error}`) };
  const text = clip(result.content.map(partText).join('\n'));
  return { status: result.is_error ? 'error' : 'success', text };
}

function partText(part: Readonly<Record<string, unknown>>): string {
  if (part.type === 'text' && typeof part.text === 'string') return part.text;
  const kind = [part.type, part.mimeType].filter((one) => typeof one === 'string').join(' ');
  return `[A part of this result cannot be shown to you: ${kind || 'of no type'}]`;
}

function clip(text: string): string {
  if (text.length <= maxText) return text;
  return `${text.slice(0, maxText).toWellFormed()}\n[${text.length - maxText} more characters are left out.]`;
}
