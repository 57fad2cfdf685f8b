# An image of a server. Build it with `docker build -t opensession .`; docs/server.md tells the rest.

FROM python:3.12-slim AS packages
COPY requirements-server.txt /
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements-server.txt

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home opensession \
    && install --directory --owner=opensession --mode=0700 /data
COPY --from=packages /venv /venv
WORKDIR /opensession
COPY CHANGELOG.md LICENSE manage.py ./
COPY accounts accounts
COPY docs/api.md docs/api.md
COPY handoff handoff
COPY opensession opensession
COPY parsers parsers
COPY sessions sessions
COPY static static
COPY templates templates
ENV PATH=/venv/bin:$PATH OPENSESSION_PROFILE=server OPENSESSION_DATA_DIR=/data PORT=3000
# The process may not write here, so what Python would keep is made now.
RUN python -m compileall -q .
USER opensession
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD \
    python -c "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/api/health', timeout=4)"
CMD ["python", "manage.py", "serve"]
