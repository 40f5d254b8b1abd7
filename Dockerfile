# fastpix in a container: docker build -t fastpix . && docker run --init -p 8000:8000 -p 1935:1935 -p 1945:1945/udp -v fastpix:/data fastpix
# Set-up token: docker exec CONTAINER cat /data/setup_token. Settings are environment variables; see compose.yaml.

FROM python:3.11-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/venv
COPY requirements.lock requirements-captions.lock ./
RUN /opt/venv/bin/pip install --require-hashes -r requirements.lock
# docker build --build-arg CAPTIONS=yes: with what makes captions of speech, some 350 MB more, without a model (docs/captions.md).
ARG CAPTIONS=
RUN if [ -n "$CAPTIONS" ]; then /opt/venv/bin/pip install --require-hashes -r requirements-captions.lock; fi
COPY pyproject.toml setup.py README.md LICENSE ./
COPY fastpix fastpix
COPY migrations migrations
RUN pip wheel --no-deps -w /wheels . \
 && /opt/venv/bin/pip install --no-deps --no-index /wheels/*.whl \
 && /opt/venv/bin/pip uninstall -q -y pip setuptools

FROM python:3.11-slim-trixie AS fastpix
# pg_dump and pg_restore, for backups of PostgreSQL; libsrt, for encoders that send by SRT; security updates come with each
# build.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends libsrt1.5-openssl postgresql-client \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin fastpix \
 && install -d -o fastpix -g fastpix -m 0750 /data
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FASTPIX_INSTANCE_PATH=/data \
    FASTPIX_BIND=0.0.0.0:8000 \
    FASTPIX_LIVE_BIND=0.0.0.0:1935
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000 1935 1945/udp
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["fastpix"]
CMD ["up"]

# nginx with its RTMP module, as Debian packages both: the official image has no RTMP. For compose.yaml's profile "full".
FROM debian:trixie-slim AS nginx
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends nginx-light libnginx-mod-rtmp \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin fastpix
COPY docs/deploy/nginx-compose.conf /etc/nginx/nginx.conf
COPY docs/deploy/nginx-rtmp.conf docs/deploy/fastpix-locations.conf /etc/nginx/
USER 10001
EXPOSE 8080 1935
HEALTHCHECK --interval=15s --timeout=5s --retries=4 CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080"]
CMD ["nginx", "-g", "daemon off;"]

# What a build without --target gives.
FROM fastpix
