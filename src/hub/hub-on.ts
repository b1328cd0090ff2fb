import { parseTrusted } from '../link/parse-trusted.ts';
import type { Pipe } from '../link/pipe.ts';
import { createHub, type Hub, type HubOptions } from './hub.ts';

/** A hub for a device that is there for as long as its pipe is: when it ends, every client is closed with 1012. */
export function hubOn(device: Pipe, options: Omit<HubOptions, 'toDevice'>): Hub {
  const hub = createHub({ ...options, toDevice: (frame) => device.send(JSON.stringify(frame)) });
  device.listen({
    message(text) {
      const frame = parseTrusted(text);
      if (frame) hub.hear(frame, text);
      else device.close(1007, 'the device sent something that is no frame');
    },
    closed: () => hub.close(1012, 'the device is gone; connect again in a moment'),
  });
  return hub;
}
