import type { ErrorCode } from '../protocol/errors.ts';
import type { Frame } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { utf8Length } from './utf8-length.ts';

export type FrameLimits = {
  /** Default 16 MiB, what a client may send. */
  readonly maxBytes?: number;
  /** Objects and arrays inside each other, the frame itself being the first. Default 64. */
  readonly maxDepth?: number;
};

export type FrameRefusal = {
  readonly ok: false;
  readonly code: Extract<
    ErrorCode,
    'frame_not_json' | 'frame_not_object' | 'frame_no_type' | 'frame_too_deep' | 'frame_too_large'
  >;
  readonly message: string;
};

/** [LINK-3] Reads one frame of a peer that is not trusted. The message of a refusal never repeats what the peer sent. */
export function readFrame(text: string, bounds: FrameLimits = {}): { ok: true; frame: Frame } | FrameRefusal {
  const { maxBytes = limits.frameFromClient, maxDepth = limits.depth } = bounds;
  if (exceeds(text, maxBytes)) {
    return refuse('frame_too_large', `The frame is larger than ${maxBytes} bytes. Send it in parts.`);
  }
  let value: unknown;
  try {
    // Survives any nesting: the engines' parsers do not recurse.
    value = JSON.parse(text);
  } catch {
    return refuse('frame_not_json', 'The message is not valid JSON. Send one JSON object per message.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('frame_not_object', 'The message is JSON but no object. Send one JSON object per message.');
  }
  // A level takes two characters at least.
  if (text.length > 2 * maxDepth && isDeeper(value, maxDepth)) {
    return refuse('frame_too_deep', `The frame nests more than ${maxDepth} levels. Send flatter data.`);
  }
  if (!hasType(value)) {
    return refuse(
      'frame_no_type',
      'The frame has no "type". Name the command in a non-empty string field "type".',
    );
  }
  return { ok: true, frame: value };
}

function refuse(code: FrameRefusal['code'], message: string): FrameRefusal {
  return { ok: false, code, message };
}

/** A UTF-16 unit is one to three bytes of UTF-8, so that the exact count is hardly ever needed. */
function exceeds(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return true;
  return text.length * 3 > maxBytes && utf8Length(text) > maxBytes;
}

/** Whether objects and arrays lie more than `levels` deep inside each other. Recurses no deeper than that, whatever the value. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((item) => isDeeper(item, levels - 1));
  for (const item of Object.values(value)) if (isDeeper(item, levels - 1)) return true;
  return false;
}

function hasType(value: object): value is Frame {
  return 'type' in value && typeof value.type === 'string' && value.type !== '';
}
