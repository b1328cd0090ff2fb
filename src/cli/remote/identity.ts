import { createHash } from 'node:crypto';
import { type Failure, failure } from '../../protocol/errors.ts';
import type { Variables } from '../../runtime/models/handles.ts';

/** What tells one installation from another, and stays when it starts again. */
export type Identity = { readonly deviceId: string; readonly listenerInstanceId: string };

/** As the stock program checks them. */
const ID = /^[A-Za-z0-9][A-Za-z0-9:._-]{0,127}$/;

/**
 * [REG-5] The device's key. The instance is given by who starts this program, else it follows from the home: a device that is renamed
 * stays the same device.
 */
export function readIdentity(env: Variables, homeDeviceId: string): Identity | Failure {
  const given = env.FARHAND_LISTENER_DEVICE_ID || env.LETTA_LISTENER_DEVICE_ID;
  if (given && !ID.test(given)) return invalid('LETTA_LISTENER_DEVICE_ID');
  const instance = env.FARHAND_LISTENER_INSTANCE_ID || env.LETTA_LISTENER_INSTANCE_ID;
  if (instance && !ID.test(instance)) return invalid('LETTA_LISTENER_INSTANCE_ID');
  return { deviceId: given || homeDeviceId, listenerInstanceId: instance || instanceOf(homeDeviceId) };
}

const instanceOf = (deviceId: string): string =>
  `server-${createHash('sha256').update(deviceId).digest('hex').slice(0, 16)}`;

const invalid = (variable: string): Failure =>
  failure(
    'input_invalid',
    `${variable} is no id: it must have 1 to 128 of A-Z a-z 0-9 : . _ - and begin with a letter or a digit. Correct it or leave it out.`,
  );
