# One image for web, workers and beat; docker-compose.yml says which command runs.
FROM python:3.11-slim AS build
WORKDIR /app
COPY constraints.txt pyproject.toml README.md ./
# A CPU-only build of torch keeps the image small; a GPU host builds with --build-arg TORCH_INDEX= (docs/install.md).
ARG TORCH_INDEX=""
RUN python -m venv /venv \
 && if [ -n "$TORCH_INDEX" ]; then /venv/bin/pip install --no-cache-dir --index-url "$TORCH_INDEX" torch==2.13.0; fi \
 && /venv/bin/pip install --no-cache-dir --constraint constraints.txt .

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 rondo && mkdir -p /data /artefacts && chown rondo /data /artefacts
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 RONDO_DATA=/data RONDO_ARTEFACTS=/artefacts STATIC_ROOT=/app/static_root
RUN SECRET_KEY=only-for-collecting-static-files-at-build-time python manage.py collectstatic --noinput && chown -R rondo /app/static_root
USER rondo
VOLUME ["/data", "/artefacts"]
EXPOSE 8000
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0"]
