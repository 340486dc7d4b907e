/** Takes the body of a POST and answers 200 without doing anything: what `acknowledge-webhooks.ts` compares with. */
import { fastify } from 'fastify';

const app = fastify();
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => body);
app.post('/webhooks/conomy', async () => ({}));
console.log(await app.listen({ host: '127.0.0.1', port: 0 }));
