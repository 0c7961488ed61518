# Mini-NVR as an image: `docker compose up -d --build`, or `docker build -t mini-nvr .`
# What ends up in it is Debian with its own Python and a folder of wheels: no compiler, no pip, no Node, no FFmpeg program.
# One base for all stages; another one with apt and Python 3.11 or newer: --build-arg BASE=...
ARG BASE=docker.io/library/debian:bookworm-slim

# The viewer: files for browsers, the same for every architecture, so it is built on the builder's own.
FROM --platform=$BUILDPLATFORM ${BASE} AS viewer
RUN apt-get update -q && apt-get install -q -y --no-install-recommends python3 python3-venv
WORKDIR /source
COPY requirements-node.lock ./
COPY web/provide-node web/
RUN python3 -m venv /node && bash web/provide-node /node
COPY web/package.json web/package-lock.json web/.npmrc web/
RUN cd web && PATH=/node/node:$PATH npm ci --omit=dev --silent
COPY web web
RUN cd web && PATH=/node/node:$PATH npm run --silent build

# The program and what it needs, in a virtual environment without pip. Only wheels whose hash is in the lock; nothing is compiled.
FROM ${BASE} AS program
RUN apt-get update -q && apt-get install -q -y --no-install-recommends python3 python3-venv binutils
WORKDIR /source
COPY requirements.lock ./
RUN python3 -m venv /build \
 && /build/bin/pip download -q --no-cache-dir --require-hashes --only-binary :all: --dest /wheels -r requirements.lock \
 && /build/bin/pip install -q --no-index --find-links /wheels hatchling
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY src src
COPY --from=viewer /source/src/mini_nvr/api/viewer src/mini_nvr/api/viewer
RUN /build/bin/python -m hatchling build -t wheel -d /wheels \
 && python3 -m venv --without-pip /opt/mini-nvr \
 && /build/bin/pip --python /opt/mini-nvr/bin/python install -q --no-index --find-links /wheels mini-nvr
COPY packaging/slim packaging/
RUN packaging/slim /opt/mini-nvr
COPY packaging/health.py packaging/own-folders /opt/mini-nvr/bin/

FROM ${BASE}
LABEL org.opencontainers.image.title="Mini-NVR" \
      org.opencontainers.image.description="A light network video recorder for RTSP cameras" \
      org.opencontainers.image.licenses="MIT"
RUN apt-get update -q \
 && apt-get install -q -y --no-install-recommends python3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* /usr/share/doc/* /usr/lib/python3.*/pydoc_data /usr/lib/python3.*/test \
 && groupadd --gid 1000 nvr \
 && useradd --uid 1000 --gid 1000 --home-dir /data --no-create-home --shell /usr/sbin/nologin nvr \
 && install -d -o 1000 -g 1000 /recordings /data
COPY --from=program /opt/mini-nvr /opt/mini-nvr
# What is the container's own affair, whatever the .env says: its folders, and that it listens on all of its addresses.
ENV PATH=/opt/mini-nvr/bin:$PATH LANG=C.UTF-8 RECORD_DIR=/recordings DATA_DIR=/data WEB_HOST=:: WEB_PORT=2126
VOLUME ["/recordings", "/data"]
EXPOSE 2126
# Settings are read from /.env where it is mounted; Docker does not parse that file, so every $ in it stays.
WORKDIR /
USER 1000:1000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["python3", "-I", "-S", "/opt/mini-nvr/bin/health.py"]
ENTRYPOINT ["mini-nvr"]
CMD ["run"]
