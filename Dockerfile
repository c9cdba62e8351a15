# syntax=docker/dockerfile:1
# docker build -t penstock .                          for CPUs
# docker build -t penstock-gpu --build-arg GPU=1 .    with CUDA, linux/amd64 only

# 0: a Temurin JRE. 1: a CUDA 12 and cuDNN 9 image with that JRE in it.
ARG GPU=0

FROM maven:3.9.11-eclipse-temurin-25 AS build
ARG GPU
WORKDIR /build
COPY .mvn .mvn
COPY pom.xml ./
COPY scripts/AddHeavyFiles.java scripts/
COPY conf conf
COPY src/main src/main
# Sources of tests and benchmarks stay outside, so changing one builds nothing again.
RUN --mount=type=cache,target=/root/.m2 \
    mvn -B -ntp -q -Dmaven.test.skip=true -Dtrain.skip=true $([ "$GPU" = 1 ] && echo -Pgpu) package

FROM eclipse-temurin:25.0.2_10-jre-noble AS base-0

# onnxruntime_gpu 1.20.0 is built for CUDA 12 and cuDNN 9.
FROM nvidia/cuda:12.6.2-cudnn-runtime-ubuntu24.04 AS base-1
COPY --from=base-0 /opt/java/openjdk /opt/java/openjdk
ENV JAVA_HOME=/opt/java/openjdk PATH=/opt/java/openjdk/bin:$PATH

FROM base-${GPU} AS runtime
LABEL org.opencontainers.image.title="Penstock" \
      org.opencontainers.image.description="An OpenAI-compatible embeddings endpoint and a durable task queue in one program" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"

# A number, so that Kubernetes can see that it is not root. /data gets its owner here: a named volume
# takes it over from the image.
RUN groupadd --gid 10001 penstock \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin penstock \
 && install -d -o 10001 -g 10001 -m 0700 /data

COPY --chmod=0755 deploy/container/penstock deploy/container/healthy /usr/local/bin/
COPY --from=build /build/target/penstock.jar /app/penstock.jar
COPY --from=build /build/target/penstock-sbom.json /app/
COPY LICENSE /app/

# The program writes below /data and /tmp and nowhere else; the root file system may be read-only.
# Models and plugins of your own are looked for in /data/own-models and /data/plugins: data.dir/models
# is where the program unpacks those inside it.
ENV API_HOST=0.0.0.0 \
    API_PORT=8000 \
    DATA_DIR=/data \
    MODELS_DIR=/data/own-models \
    PLUGINS_DIR=/data/plugins \
    JAVA_OPTS=""

USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["healthy"]
# The script ends in exec: java gets the signal, and its exit code is the container's.
ENTRYPOINT ["penstock"]
