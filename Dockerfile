# syntax=docker/dockerfile:1

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# No script of a package is run, here as everywhere.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

FROM node:24-slim
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json app.yml LICENSE* ./
# Node runs the TypeScript as it stands: there is nothing to build.
COPY src ./src
# Nothing in here is writable for the user that runs it, but /tmp and the cache.
RUN mkdir -p /var/cache/steeplejack && chown node:node /var/cache/steeplejack
ENV HOST=0.0.0.0 \
    PORT=3000 \
    STEEPLEJACK_CACHE=/var/cache/steeplejack
USER node
EXPOSE 3000
# Servers and workers answer alike. Node heeds SIGTERM itself; `docker run --init` (or `init: true`) reaps what the
# tools leave behind.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "src/bin/steeplejack.ts"]
CMD ["serve"]
