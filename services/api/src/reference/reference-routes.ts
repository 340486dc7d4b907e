import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { buildOpenApiDocument } from './openapi-document.ts';
import { OPERATIONS } from './operations.ts';

const DOCUMENT_PATH = '/openapi.json';
const PAGE_PATH = '/docs';
/** Not part of the interface: the reference itself and the queue board's own pages. */
const UNDOCUMENTED = /^\/(openapi\.json|docs(\/.*)?|admin\/queues(\/.*)?)$/;

/** Swagger UI is served from here, so the page works without the internet. It only shows; nothing is sent from it. */
const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Capstan API reference</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="reference"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;
const START = `SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#reference',
  supportedSubmitMethods: [],
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
  docExpansion: 'list',
  deepLinking: true,
});
`;

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * Serves the reference: the OpenAPI document and a page that shows it. Call it before the routes it describes: from
 * then on a route that the reference does not know stops the start.
 */
export function addReferenceRoutes(app: FastifyInstance): void {
  const known = new Set(OPERATIONS.map(({ method, path }) => `${method} ${path}`));
  app.addHook('onRoute', ({ method, url }) => {
    if (UNDOCUMENTED.test(url)) return;
    for (const name of [method].flat().filter((verb) => verb !== 'HEAD')) {
      const route = `${name} ${url.replace(/:(\w+)/g, '{$1}')}`;
      if (!known.has(route)) throw new Error(`${route} is not in reference/operations.ts: describe it there`);
    }
  });

  const document = JSON.stringify(buildOpenApiDocument());
  serve(app, DOCUMENT_PATH, 'application/json', document);
  serve(app, PAGE_PATH, 'text/html; charset=utf-8', PAGE);
  serve(app, `${PAGE_PATH}/start.js`, 'text/javascript; charset=utf-8', START);
  serve(
    app,
    `${PAGE_PATH}/swagger-ui.css`,
    'text/css; charset=utf-8',
    assetAt(import.meta.resolve('swagger-ui-dist/swagger-ui.css')),
  );
  serve(
    app,
    `${PAGE_PATH}/swagger-ui-bundle.js`,
    'text/javascript; charset=utf-8',
    assetAt(import.meta.resolve('swagger-ui-dist/swagger-ui-bundle.js')),
  );
}

function serve(app: FastifyInstance, path: string, type: string, content: string | Buffer): void {
  app.get(path, async (_request, reply) =>
    reply
      .header('content-type', type)
      .header('content-security-policy', POLICY)
      .header('cache-control', 'no-cache')
      .send(content),
  );
}

function assetAt(url: string): Buffer {
  return readFileSync(fileURLToPath(url));
}
