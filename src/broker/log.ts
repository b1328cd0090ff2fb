/** One line of the broker's log. Flat, for machines; whatever a peer chose is cut short and without control characters. */
export type BrokerEvent = {
  readonly event:
    | 'registered'
    | 'device_online'
    | 'device_offline'
    | 'client_online'
    | 'client_offline'
    | 'refused'
    | 'parked'
    | 'delivered'
    | 'expired'
    | 'trouble'
    | 'draining';
  readonly [field: string]: string | number | boolean | null;
};
