# One image for every process; docker-compose.yml says which one a container runs.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    GRANIAN_HOST=0.0.0.0 GRANIAN_PORT=8000
WORKDIR /app

COPY requirements.txt ./
RUN pip install --require-hashes --no-deps -r requirements.txt

COPY . .
# Catalogues are compiled and files gathered here; pages and processes run as a user that owns nothing in the image.
RUN python manage.py messages --compile \
    && python manage.py collectstatic --no-input \
    && useradd --system --uid 10001 --home-dir /app --no-create-home huicang \
    && install -d -o huicang /app/.data
USER huicang

EXPOSE 8000
CMD ["granian", "--interface", "rsgi", "--http", "1", "--no-ws", "--workers", "2", "--respawn-failed-workers", "--backlog", "4096", "--http1-header-read-timeout", "10000", "merchant.front:application"]
