import { isDenial } from '../access/access.ts';
import { type App, type Desk, refusal } from './desk.ts';

/** `POST /v1/tickets`: what a browser opens its one socket with (SEC-11). */
export function ticketRoute(app: App, { access, tickets }: Desk): void {
  app.post('/v1/tickets', (c) => {
    const token = access.token(c.var.knock, 'client');
    if (isDenial(token)) return refusal(c, token);
    c.header('cache-control', 'no-store');
    return c.json(tickets.issue(token.id));
  });
}
