import type { CompactionReport } from '../../core/messages.ts';
import { contextOf, type TranscriptItem } from '../../core/transcript.ts';
import type { Host } from '../host.ts';
import { summaryPrompt } from '../prompt/summary.ts';
import { modelOf } from './model-of.ts';
import type { Subject } from './subject.ts';

/** Asks the model for a summary of all that it reads (CMP-1). What is too long for that as well is asked for in ever smaller excerpts. */
export async function runCompaction(
  conversation: Subject,
  host: Host,
  signal: AbortSignal,
  tell: (report: CompactionReport) => void,
): Promise<void> {
  const model = await modelOf(conversation, host);
  if ('code' in model) return tell({ kind: 'failed', ...model, retryable: false });
  const items = contextOf(conversation.transcript().items);
  for (const longest of [20_000, 4_000, 800, 150]) {
    const answer = await summarise(items, longest);
    if (answer === 'too long') continue;
    return tell(answer);
  }
  const message = 'Even a shortened conversation is too long for the model. Choose one that can read more.';
  tell({ kind: 'failed', code: 'context_overflow', message, retryable: false });

  async function summarise(all: typeof items, longest: number): Promise<CompactionReport | 'too long'> {
    if ('code' in model) throw new Error('internal: no model');
    let text = '';
    const { system, transcript } = summaryPrompt(all, longest);
    for await (const part of model.stream({ system, transcript, tools: [], signal })) {
      if (part.kind === 'text') text += part.text;
      else if (part.kind === 'failed') {
        if (part.code === 'context_overflow') return 'too long';
        return { ...part };
      } else if (part.kind === 'finish') {
        if (text.trim() === '') break;
        return { kind: 'finished', summary: withLastWords(text.trim(), all), usage: part.usage };
      }
    }
    return {
      kind: 'failed',
      code: 'model_reply_invalid',
      message: 'The model gave no summary.',
      retryable: true,
    };
  }
}

/** What the person asked for last, word for word, unless it stands behind the summary anyway (CMP-2). */
function withLastWords(summary: string, items: readonly TranscriptItem[]): string {
  const last = items.findLast((item) => item.kind === 'user');
  if (last?.kind !== 'user' || items.at(-1) === last) return summary;
  const { content } = last;
  const words = typeof content === 'string' ? content : JSON.stringify(content);
  return `${summary}\n\nThe last message of the person, word for word:\n${words.slice(0, 20_000)}`;
}
