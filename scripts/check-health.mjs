/**
 * For the health checks of containers: exit code 0 if the part at `PORT` of this machine answers 200 to the path given.
 * The default asks whether the process answers at all.
 */
const { PORT } = process.env;
const [path = '/healthz'] = process.argv.slice(2);
try {
  const response = await fetch(`http://127.0.0.1:${PORT}${path}`, {
    signal: AbortSignal.timeout(2_500),
  });
  if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
