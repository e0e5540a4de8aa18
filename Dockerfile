# Not part of `make test`: this file is untested there.
#
#   docker build -t portcullis .
#
# libpq is linked dynamically, so the image needs it at run time: a slim Debian with libpq5, and no Postgres server. Set
# database.url (docker-compose.yml does).

FROM rust:1-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends libpq-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin portcullis && install -d -m 0700 -o 65532 -g 65532 /data

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libpq5 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/target/release/portcullis /portcullis
COPY --from=build --chown=65532:65532 /data /data
COPY LICENSE LICENSE-APACHE LICENSE-MIT /licenses/
ENV PORTCULLIS_SERVER__LISTEN=0.0.0.0:8080 \
    PORTCULLIS_DATA__DIR=/data
USER 65532:65532
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["/portcullis", "healthcheck"]
ENTRYPOINT ["/portcullis"]
CMD ["serve"]
