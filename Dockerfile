# Tap, target, command line and sandbox; neither root nor a writable root file system are needed:
#   docker run --read-only --tmpfs /tmp --volume gorgias:/data --env-file .env \
#     singer-gorgias tap-gorgias --config ENV
# /data keeps OAuth2 tokens and the target's ledger. Let it outlive the container.
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /app
COPY requirements-image.lock ./
RUN /app/bin/pip install --no-cache-dir --require-hashes --requirement requirements-image.lock
COPY . ./
RUN /app/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim
RUN useradd --uid 10001 --home-dir /data --create-home gorgias
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH HOME=/data PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /data
VOLUME /data
CMD ["tap-gorgias", "--help"]
