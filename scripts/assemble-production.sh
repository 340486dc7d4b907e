#!/bin/sh
# Lays out what production runs in an empty folder: built code, migrations and the dependencies of those alone.
# Run it after `pnpm build`. The image is made by it (Dockerfile), and a test runs what it makes.
#
#   scripts/assemble-production.sh <folder>
set -eu

if [ $# -ne 1 ]; then
  echo "usage: scripts/assemble-production.sh <folder>" >&2
  exit 2
fi
mkdir -p "$1"
target=$(cd "$1" && pwd)
if [ -n "$(ls -A "$target")" ]; then
  echo "$target is not empty: name a new folder" >&2
  exit 2
fi
cd "$(dirname "$0")/.."

for package in services/api services/capturer services/reconciler packages/shared packages/conomy-sandbox db; do
  if [ ! -d "$package/dist" ]; then
    echo "$package/dist is missing: run \`pnpm build\` first" >&2
    exit 2
  fi
  mkdir -p "$target/$package"
  cp -R "$package/package.json" "$package/dist" "$target/$package/"
done
cp -R db/migrations "$target/db/"
mkdir "$target/scripts" "$target/reports"
cp scripts/start.mjs scripts/check-health.mjs "$target/scripts/"
cp package.json pnpm-workspace.yaml pnpm-lock.yaml "$target/"

cd "$target"
npx -y pnpm@12 install --prod --frozen-lockfile
