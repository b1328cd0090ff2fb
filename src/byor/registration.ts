import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Denial } from './credentials.ts';

export type RegistrationDesk = {
  /** Where the WebSocket is, without a slash at its end. */
  readonly path: string;
  /** How runtimes reach `path` when not by the address they asked at. */
  readonly publicUrl: string | undefined;
  /** Why whoever sent this request is not let in, if so. */
  denial(request: IncomingMessage): Denial | null;
};

const MAX_BODY_BYTES = 256 * 1024;

/** Answers `POST …/v1/environments/register`: there is one place, and its WebSocket checks the token again. */
export async function answerRegistration(
  desk: RegistrationDesk,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refuse = (status: number, message: string): void => reply(response, status, { message });
  const denial = desk.denial(request);
  if (denial) return refuse(denial.status, denial.message);
  const body = await readBody(request);
  if (body === null) return refuse(413, `The registration is larger than ${MAX_BODY_BYTES} bytes.`);
  if (!namesDevice(body)) return refuse(400, 'The body must be a JSON object with a string "deviceId".');
  const wsUrl = socketUrl(desk, request);
  if (wsUrl === null) return refuse(400, 'The request has no usable Host header.');
  reply(response, 200, {
    connectionId: `conn-${randomUUID()}`,
    wsUrl,
    supportsSplitStatusChannels: false,
    supportsPairedListenerGenerations: false,
  });
}

function reply(response: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(body));
}

/** Null when it is too large. A request that breaks off reads as what came of it, and nobody hears the answer. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) return null;
      chunks.push(chunk);
    }
  } catch {
    return '';
  }
  return Buffer.concat(chunks).toString();
}

function namesDevice(body: string): boolean {
  try {
    const value: unknown = JSON.parse(body);
    return (
      typeof value === 'object' && value !== null && 'deviceId' in value && typeof value.deviceId === 'string'
    );
  } catch {
    return false;
  }
}

function socketUrl(
  { path, publicUrl }: RegistrationDesk,
  { headers, socket }: IncomingMessage,
): string | null {
  if (publicUrl !== undefined) return publicUrl.replace(/^http/, 'ws');
  const base = `${'encrypted' in socket ? 'wss' : 'ws'}://${headers.host ?? ''}`;
  return URL.canParse(base) ? `${base}${path}` : null;
}
