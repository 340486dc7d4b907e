/**
 * Starts one part of a production install in this very process, so that signals reach it: `node scripts/start.mjs api`.
 * In a checkout the services are started by `pnpm dev` and `pnpm --filter ./services/<name> start`.
 */
const PARTS = {
  api: '../services/api/dist/main.js',
  capturer: '../services/capturer/dist/main.js',
  reconciler: '../services/reconciler/dist/main.js',
  capstan: '../services/reconciler/dist/capstan.js',
  migrate: '../db/dist/migrate-command.js',
  sandbox: '../packages/conomy-sandbox/dist/main.js',
};

const [name = ''] = process.argv.slice(2);
const entry = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
if (entry === undefined) {
  console.error(`"${name}" is not a part of Capstan: name one of ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
// What follows the name is for the part itself.
process.argv.splice(2, 1);
await import(entry);
