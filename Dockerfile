# Built in two stages: the compiler and the tests' tools stay out of the image that runs.
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src ./src
RUN npm run build

# The program is one bundled file: no node_modules, no shell, no package manager.
FROM gcr.io/distroless/nodejs24-debian12:nonroot
WORKDIR /app
COPY --from=build /src/dist/poolguard.js /src/dist/poolguard.js.map ./dist/
COPY package.json LICENSE ./
COPY policies ./policies
# 65532 is distroless' nonroot; Kubernetes' runAsNonRoot needs it as a number.
USER 65532:65532
EXPOSE 8443 8080
ENTRYPOINT ["/nodejs/bin/node", "--enable-source-maps", "/app/dist/poolguard.js"]
# With certificates and the secret of the paths mounted at /certs, as `poolguard manifests` says.
CMD ["serve", "--policies=/app/policies", "--listen=0.0.0.0:8443", "--admin-listen=0.0.0.0:8080", "--tls-cert=/certs/tls.crt", "--tls-key=/certs/tls.key", "--path-secret-file=/certs/path-secret"]
