import * as z from 'zod';
import { text } from '../../protocol/dialects/loose.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import { explain } from '../../protocol/expected.ts';
import { firstIssue } from '../../protocol/first-issue.ts';
import type { DeviceLink } from '../station/device-link.ts';
import type { Registration } from '../store/registry.ts';

// As the stock program checks its own ids.
const deviceKey = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9:._-]{0,127}$/,
    'must have 1 to 128 of A-Z a-z 0-9 : . _ - and begin with a letter or a digit',
  );

const registration = z.looseObject({
  deviceId: deviceKey,
  listenerInstanceId: deviceKey.nullish(),
  connectionName: z
    .string()
    .max(256)
    .regex(/^[^\p{Cc}]*[^\p{Cc}\s][^\p{Cc}]*$/u, 'must be a name without line breaks'),
  metadata: z.record(z.string(), z.unknown()).optional(),
});

/** What a device says of itself when it asks for a lease (protocol reference 1.1.2). */
export function readRegistration(body: unknown): Registration | Failure {
  const issue = firstIssue(registration, body);
  if (issue)
    return failure('input_invalid', `The registration is not valid: ${explain(issue, body).message}.`);
  const { deviceId, listenerInstanceId, connectionName, metadata } = body as z.infer<typeof registration>;
  return {
    deviceId,
    listenerInstanceId: listenerInstanceId ?? null,
    connectionName: connectionName.trim(),
    metadata: metadata ?? {},
  };
}

/** What the device at the other end of a link understands, by what it said at registration. */
export function speaksOf(metadata: Registration['metadata']): DeviceLink['speaks'] {
  const { farhand, lettaCodeVersion } = metadata;
  if (typeof farhand === 'object' && farhand !== null && 'v' in farhand && farhand.v === 1) return 'farhand';
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(text(lettaCodeVersion) ?? '') ?? [];
  return Number(major) === 0 && Number(minor) < 30 ? 'stock-0.25' : 'stock';
}

/** Where a device that has a lease opens its socket. */
export const devicePath = (connectionId: string): string => `/v1/environments/${connectionId}/device/ws`;

export const socketUrl = (base: string, path: string): string => `${base.replace(/^http/, 'ws')}${path}`;
