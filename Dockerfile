# Tap, target, command line and sandbox; neither root nor a writable root file system are needed:
#   docker run --read-only --tmpfs /tmp --volume gorgias:/data --env-file .env \
#     singer-gorgias tap-gorgias --config ENV
# /data keeps OAuth2 tokens and the target's ledger. Let it outlive the container.
# The base is pinned by the digest of its list of platforms; dependency updates renew both lines.
FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS build
WORKDIR /src
RUN python -m venv /app
RUN python -m venv /app-build
COPY requirements-image.lock requirements-build.lock ./
RUN /app/bin/pip install --no-cache-dir --require-hashes --requirement requirements-image.lock
RUN /app-build/bin/pip install --no-cache-dir --require-hashes --requirement requirements-build.lock
COPY . ./
# Without an index, so that nothing comes from it that has no hash.
RUN /app-build/bin/pip wheel --no-index --no-deps --no-build-isolation --wheel-dir /app-wheel .
RUN /app/bin/pip install --no-cache-dir --no-index --no-deps --find-links /app-wheel singer-gorgias

FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
RUN useradd --uid 10001 --home-dir /data --create-home gorgias
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH HOME=/data PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /data
VOLUME /data
CMD ["tap-gorgias", "--help"]
