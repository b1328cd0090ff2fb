import { failure } from '../../protocol/errors.ts';
import { isDenial } from '../access/access.ts';
import { logged } from '../log.ts';
import { readBody } from './body.ts';
import { type App, type Desk, refusal } from './desk.ts';
import { devicePath, readRegistration, socketUrl, speaksOf } from './lease.ts';

const maxBody = 64 * 1024;

/** `POST /v1/environments/register`: gives a device a lease and says where to open its socket (REG-1). */
export function registerRoute(app: App, desk: Desk): void {
  const { access, registry } = desk;
  app.post('/v1/environments/register', async (c) => {
    const { knock, base } = c.var;
    const token = access.token(knock, 'device');
    if (isDenial(token)) return refusal(c, token);
    const read = await readBody(c.req.raw, maxBody);
    if (!read.ok) return refusal(c, read.failure);
    const registration = readRegistration(read.body);
    if ('code' in registration) return refusal(c, registration);
    const { deviceId, connectionName, metadata } = registration;
    if (token.devices && !token.devices.includes(deviceId))
      return refusal(c, access.refuse(knock, 'other device', otherDevice));
    const lease = registry.register(registration, token, desk.now());
    if ('code' in lease)
      return refusal(c, access.refuse(knock, lease.code === 'quota' ? 'quota' : 'bound device', lease));
    const { connectionId } = lease;
    const name = logged(connectionName);
    desk.log({ event: 'registered', device: deviceId, name, connection: connectionId, token: token.id });
    return c.json({
      connectionId,
      wsUrl: socketUrl(base, devicePath(connectionId)),
      ...(speaksOf(metadata) === 'farhand' && { farhand: { v: 1 } }),
      ...(desk.splitChannels && { supportsSplitStatusChannels: true }),
      supportsPairedListenerGenerations: false,
    });
  });
}

/** [SEC-8] */
const otherDevice = failure(
  'forbidden',
  'This token may register another device only. Make one for this device: farhand tokens create --kind device --device <id>.',
);
