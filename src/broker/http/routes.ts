import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { failure } from '../../protocol/errors.ts';
import { denial, isDenial } from '../access/access.ts';
import { type Bindings, knockOfRequest, plainPath } from '../access/knock.ts';
import { logged } from '../log.ts';
import { messageOf } from '../stations.ts';
import { type App, type Desk, refusal } from './desk.ts';
import { environmentRoutes } from './environments.ts';
import { messageRoutes } from './messages.ts';
import { registerRoute } from './register.ts';
import { ticketRoute } from './tickets.ts';

/** Everything that a broker answers without a WebSocket. Every answer is JSON, also a refusal. */
export function createRoutes(desk: Desk): App {
  const app: App = new Hono({ getPath: ({ url }) => plainPath(new URL(url).pathname) });
  app.onError((error, c) => {
    const path = logged(c.req.path);
    desk.log({ event: 'trouble', what: 'a request failed', path, why: logged(messageOf(error)) });
    return refusal(c, failure('internal', 'The broker could not answer; its log says why. Try again.'));
  });
  app.notFound((c) =>
    refusal(c, failure('not_found', `There is no ${c.req.method} ${logged(c.req.path)} here.`)),
  );

  app.use(async (c, next) => {
    const knock = knockOfRequest(c.req.raw, c.env as Bindings);
    const place = desk.access.place(knock);
    if (isDenial(place)) return refusal(c, place);
    c.set('knock', knock);
    c.set('base', place.base);
    return next();
  });
  // A page that came as far as this is one that may read the answers.
  app.use(cors({ origin: (origin) => origin, allowHeaders: ['authorization', 'content-type'], maxAge: 600 }));

  app.get('/healthz', (c) => c.json({ ok: true }));
  app.get('/readyz', (c) => (desk.draining() ? refusal(c, restarting) : c.json({ ok: true })));
  app.use('/v1/*', async (c, next) => (desk.draining() ? refusal(c, restarting) : next()));
  registerRoute(app, desk);
  app.all('/v1/environments/runtimes/*', (c) => refusal(c, noTeleports));
  environmentRoutes(app, desk);
  messageRoutes(app, desk);
  ticketRoute(app, desk);
  return app;
}

/** [LINK-5] */
const restarting = {
  ...denial(failure('broker_restarting', 'The broker is restarting. Try again in a moment.')),
  retryAfter: 2,
};

const noTeleports = failure(
  'unsupported',
  'This broker does not move conversations between devices. Begin one at the other device instead.',
);
