# One image for everything; its argument names the part: api, capturer, reconciler, migrate or sandbox.
#   docker build -t capstan . && docker run --env-file capstan.env capstan capturer
# The folder it runs is laid out by scripts/assemble-production.sh, and a test runs that folder as the image would.

FROM node:26.10.0-slim AS build
ENV CI=true TURBO_TELEMETRY_DISABLED=1 DO_NOT_TRACK=1
WORKDIR /build
# The lockfile alone decides what is downloaded, so a change of code leaves this layer as it is.
COPY pnpm-lock.yaml pnpm-workspace.yaml package.json ./
RUN npx -y pnpm@12 fetch
COPY . .
RUN npx -y pnpm@12 install --frozen-lockfile --prefer-offline && npx -y pnpm@12 build
RUN scripts/assemble-production.sh /app

FROM node:26.10.0-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
# Owned by root: the process can read its own code and not change it.
COPY --from=build /app ./
# But for where `capstan reconcile` writes: a volume mounted there takes over whose it is.
COPY --from=build --chown=node:node /app/reports ./reports
USER node
EXPOSE 3000
# Alive means that the process answers. Whether it can work is /readyz, which is no reason to restart it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "scripts/check-health.mjs"]
# Node itself is the first process and gets the signals: SIGTERM finishes the work under way.
ENTRYPOINT ["node", "scripts/start.mjs"]
CMD ["api"]
