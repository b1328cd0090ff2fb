import type { TranscriptItem } from '../../core/transcript.ts';
import type { Failed } from './failure.ts';
import type { Kept, Model, ModelPart, ModelRequest } from './model.ts';

/**
 * The first model, and where it fails before it has said anything, the next one, and so on; people are told. What would fail with any
 * model, such as a conversation that is too long, is left as it is. Handle and window are the first one's.
 */
export function withFallbacks(models: readonly [Model, ...Model[]]): Model {
  const [first, ...others] = models;
  if (others.length === 0) return first;

  async function* stream(request: ModelRequest): AsyncGenerator<ModelPart> {
    let model = first;
    for (const next of [...others, null]) {
      const failed = yield* answerOf(model, first, request);
      if (failed === null || request.signal.aborted) return;
      if (next === null || !mayPass(failed)) return yield failed;
      yield {
        kind: 'notice',
        text: `${model.handle} does not answer (${failed.message}): asking ${next.handle} instead.`,
      };
      model = next;
    }
  }
  return { handle: first.handle, window: first.window, stream };
}

/** Whether another model may do better; `context_overflow` is for the conversation to solve. */
function mayPass({ code, retryable }: Failed): boolean {
  return (
    retryable || code === 'model_unavailable' || code === 'model_wire_unavailable' || code === 'model_refused'
  );
}

/** What `model` says; what it failed with, where it failed before it said anything. */
async function* answerOf(
  model: Model,
  first: Model,
  request: ModelRequest,
): AsyncGenerator<ModelPart, Failed | null> {
  const isFirst = model === first;
  const transcript = request.transcript.map((item) => unwrapped(model.handle, first.handle, item));
  let said = false;
  for await (const part of model.stream({ ...request, transcript })) {
    if (part.kind === 'failed' && !said) return part;
    said ||= part.kind !== 'notice';
    yield isFirst ? part : keptFor(model.handle, part);
  }
  return null;
}

const WRAPPED = 'fallback';

/** To the conversation everything was said by the first model. What another one wants back has a wrapper that names that one. */
function keptFor(handle: string, part: ModelPart): ModelPart {
  if (part.kind === 'kept') return { ...part, data: { [WRAPPED]: { by: handle, data: part.data } } };
  if (part.kind === 'call' && part.kept)
    return { ...part, kept: { [WRAPPED]: { by: handle, data: part.kept } } };
  return part;
}

/** The item as `handle` is to see it: nobody sees what is wrapped for another. */
function unwrapped(handle: string, first: string, item: TranscriptItem): TranscriptItem {
  if (!('keepsake' in item) || item.keepsake?.by !== first || !(WRAPPED in item.keepsake.data)) return item;
  const { keepsake, ...rest } = item;
  const inner = keepsake.data[WRAPPED] as { readonly by: string; readonly data: Kept };
  return inner.by === handle ? { ...rest, keepsake: inner } : rest;
}
