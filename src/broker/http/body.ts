import { isDeeper } from '../../link/read-frame.ts';
import { type ErrorCode, type Failure, failure } from '../../protocol/errors.ts';
import { limits } from '../../protocol/limits.ts';

export type Body = Readonly<Record<string, unknown>>;
export type ReadBody =
  | { readonly ok: true; readonly body: Body }
  | { readonly ok: false; readonly failure: Failure };

/** [LINK-3] The JSON object that a request carries, read no further than `maxBytes`. */
export async function readBody(request: Request, maxBytes: number): Promise<ReadBody> {
  const tooLarge = refused('frame_too_large', `The body is larger than ${maxBytes} bytes.`);
  if (Number(request.headers.get('content-length')) > maxBytes) return tooLarge;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request.body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) return tooLarge;
      chunks.push(chunk);
    }
  } catch (error) {
    return refused(
      'frame_not_json',
      `The body broke off: ${error instanceof Error ? error.message : error}.`,
    );
  }
  return readJson(Buffer.concat(chunks).toString());
}

function readJson(text: string): ReadBody {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused('frame_not_json', 'The body is not valid JSON. Send one JSON object.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refused('frame_not_object', 'The body is JSON but no object. Send one JSON object.');
  if (isDeeper(value, limits.depth))
    return refused('frame_too_deep', `The body nests more than ${limits.depth} levels. Send flatter data.`);
  return { ok: true, body: { ...value } };
}

const refused = (code: ErrorCode, message: string): ReadBody => ({
  ok: false,
  failure: failure(code, message),
});
