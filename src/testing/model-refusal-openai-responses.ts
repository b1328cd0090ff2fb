import { reasoningIdFor } from './model-item-id.ts';
import {
  type InputItem,
  isMessage,
  itemsOf,
  type ResponsesRequest,
} from './model-request-openai-responses.ts';
import { sealFits } from './model-seal.ts';
import { type Problem, refused } from './model-wire.ts';

/** What the real API would say against a well-formed request, or nothing. */
export function refuseResponses(request: ResponsesRequest): Problem | undefined {
  const items = itemsOf(request);
  return (
    refuseOptions(request) ??
    refuseTools(request.tools ?? []) ??
    refuseItems(request, items) ??
    refuseReasoning(items) ??
    refusePairs(items)
  );
}

function refuseOptions({
  previous_response_id,
  max_output_tokens,
  input,
}: ResponsesRequest): Problem | undefined {
  if (previous_response_id) {
    return refused(`Previous response with id '${previous_response_id}' not found.`, {
      param: 'previous_response_id',
      code: 'previous_response_not_found',
    });
  }
  if (max_output_tokens != null && max_output_tokens < 16) {
    return refused(
      `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got ${max_output_tokens} instead.`,
      { param: 'max_output_tokens', code: 'integer_below_min_value' },
    );
  }
  if (input.length > 0) return undefined;
  return refused("Missing required parameter: 'input'.", {
    param: 'input',
    code: 'missing_required_parameter',
  });
}

function refuseTools(tools: NonNullable<ResponsesRequest['tools']>): Problem | undefined {
  for (const [i, { type, name }] of tools.entries()) {
    if (type !== 'function') continue;
    if (typeof name === 'string' && /^[a-zA-Z0-9_-]{1,128}$/.test(name)) continue;
    return refused(
      `Invalid 'tools[${i}].name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
      { param: `tools[${i}].name`, code: 'invalid_value' },
    );
  }
  return undefined;
}

/** Where an item may come from shows in its id. */
const ID_PREFIXES: Readonly<Record<string, string>> = {
  message: 'msg',
  function_call: 'fc',
  reasoning: 'rs',
};

function refuseItems({ store }: ResponsesRequest, items: readonly InputItem[]): Problem | undefined {
  for (const [i, item] of items.entries()) {
    const type = item.type ?? 'message';
    const prefix = ID_PREFIXES[type];
    if (prefix !== undefined && typeof item.id === 'string' && !item.id.startsWith(`${prefix}_`)) {
      return refused(`Invalid 'input[${i}].id': '${item.id}'. Expected an ID that begins with '${prefix}'.`, {
        param: `input[${i}].id`,
        code: 'invalid_value',
      });
    }
    // Nothing is stored here, so what only names an item names nothing.
    const unknown = type === 'item_reference' || (item.type === 'reasoning' && !item.encrypted_content);
    if (unknown && item.id !== undefined) {
      const why =
        store === false
          ? 'Items are not persisted when `store` is set to false. Try again with `store` set to true, or remove this item from your input.'
          : 'This server stores no responses: send items whole, with `store` set to false.';
      return refused(`Item with id '${item.id}' not found. ${why}`, { status: 404, param: 'input' });
    }
    const wrong = wrongPart(item);
    if (wrong) {
      return refused(`Invalid value: '${wrong.type}'. Supported values are: ${wrong.supported}.`, {
        param: `input[${i}].content[${wrong.at}]`,
        code: 'invalid_value',
      });
    }
    const callId = 'call_id' in item && typeof item.call_id === 'string' ? item.call_id : undefined;
    if (callId !== undefined && callId.length > 64) {
      return refused(
        `Invalid 'input[${i}].call_id': string too long. Expected a string with maximum length 64, but got a string with length ${callId.length} instead.`,
        { param: `input[${i}].call_id`, code: 'string_above_max_length' },
      );
    }
  }
  return undefined;
}

function wrongPart(item: InputItem): { at: number; type: string; supported: string } | undefined {
  if (!isMessage(item) || typeof item.content === 'string') return undefined;
  const model = item.role === 'assistant';
  const supported = model ? "'output_text' and 'refusal'" : "'input_text', 'input_image', and 'input_file'";
  const at = item.content.findIndex(({ type }) => !supported.includes(`'${type}'`));
  const part = item.content[at];
  return part && { at, type: part.type, supported };
}

/** Reasoning goes with what came after it, both ways, and only as it was given. */
function refuseReasoning(items: readonly InputItem[]): Problem | undefined {
  const present = new Set(items.flatMap((item) => (item.type === 'reasoning' ? (item.id ?? []) : [])));
  for (const [i, item] of items.entries()) {
    if (item.type === 'reasoning') {
      const seal = item.encrypted_content;
      if (seal && !sealFits(seal)) {
        return refused(
          `The encrypted content for item ${item.id} could not be verified. Reason: Encrypted content could not be decrypted or parsed.`,
          { code: 'invalid_encrypted_content' },
        );
      }
      const next = items[i + 1];
      const follows =
        next && (isMessage(next) ? next.role === 'assistant' : next.type !== 'function_call_output');
      if (!follows) {
        return refused(
          `Item '${item.id}' of type 'reasoning' was provided without its required following item.`,
          {
            param: 'input',
          },
        );
      }
    }
    const needed =
      item.type !== 'reasoning' && typeof item.id === 'string' ? reasoningIdFor(item.id) : undefined;
    if (needed !== undefined && !present.has(needed)) {
      return refused(
        `Item '${item.id}' of type '${item.type ?? 'message'}' was provided without its required 'reasoning' item: '${needed}'.`,
        { param: 'input' },
      );
    }
  }
  return undefined;
}

/** Calls and results are paired by their ids, wherever they stand. */
function refusePairs(items: readonly InputItem[]): Problem | undefined {
  const called = new Set(items.flatMap((item) => (item.type === 'function_call' ? item.call_id : [])));
  const answered = items.flatMap((item) => (item.type === 'function_call_output' ? item.call_id : []));
  const stray = answered.find((id) => !called.has(id));
  if (stray !== undefined) {
    return refused(`No tool call found for function call output with call_id ${stray}.`, { param: 'input' });
  }
  const open = [...called].find((id) => !answered.includes(id));
  return open === undefined
    ? undefined
    : refused(`No tool output found for function call ${open}.`, { param: 'input' });
}
