# docker build -t mcpscan . && docker run --rm -v "$PWD:/src:ro" mcpscan /src
#
# A scan of configs alone: in a container there are no clients, and none of the programs that start servers.
FROM rust:1.95-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /mcpscan
COPY . .
RUN cargo build --release --locked --bin mcpscan

FROM scratch
COPY --from=build /mcpscan/target/release/mcpscan /mcpscan
COPY --from=build /mcpscan/LICENSE-MIT /mcpscan/LICENSE-APACHE /
USER 65534:65534
# Not every engine gives a home to who has no name.
ENV HOME=/
WORKDIR /src
ENTRYPOINT ["/mcpscan"]
CMD ["scan", "--launch", "none", "/src"]
