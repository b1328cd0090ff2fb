import { stockDevice } from '../stock/device.ts';
import { stockDevice025 } from '../stock/letta-025.ts';
import { type DeviceDialect, type DialectContext, identity } from './device-dialect.ts';
import type { DeviceLink } from './device-link.ts';

/** The dialect for one link of a device. */
export function deviceDialect({ speaks }: DeviceLink, context: DialectContext): DeviceDialect {
  switch (speaks) {
    case 'farhand':
      return identity;
    case 'stock-0.25':
      return stockDevice025(context);
    case 'stock':
      return stockDevice(context);
  }
}
