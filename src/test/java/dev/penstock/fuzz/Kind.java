package dev.penstock.fuzz;

import dev.penstock.testing.TinyOnnx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The doors that strangers' bytes come in by.
 *
 * <p>Each has seeds, inputs to begin with, in {@code src/test/resources/fuzz/<its name>}. What
 * broke a promise once becomes one of them.
 */
enum Kind {
  /** Bodies that clients send: a route's path in the first line, and the body. */
  JSON(1 << 14) {
    @Override
    Target open() throws Exception {
      return new BodyTarget(BodyTarget.CLIENTS);
    }
  },

  /** Bodies that workers send, likewise. */
  WORKER(1 << 14) {
    @Override
    Target open() throws Exception {
      return new BodyTarget(BodyTarget.WORKERS);
    }
  },

  /** Texts that are kept with a task, and looked for. */
  FILTERS(512) {
    @Override
    Target open() throws Exception {
      return new FilterTarget();
    }
  },

  /** All that comes over a connection. */
  HTTP(1 << 13) {
    @Override
    Target open() throws Exception {
      return new HttpTarget();
    }

    @Override
    List<byte[]> moreSeeds() {
      return HttpTarget.requests(longest());
    }
  },

  /** A models.yaml. */
  MODELS_YAML(1 << 13) {
    @Override
    Target open() throws Exception {
      return new ModelsYamlTarget();
    }
  },

  /** A model's directory: the files, each below a line {@code --- <its name>}. */
  MODEL_DIRECTORY(1 << 14) {
    @Override
    Target open() throws Exception {
      return new DirectoryTarget();
    }

    @Override
    List<byte[]> moreSeeds() {
      return List.of(DirectoryTarget.whole(), DirectoryTarget.beside(new TinyOnnx().opset(99)));
    }
  },

  /** A tokenizer.json, in a model's directory that is whole otherwise. */
  TOKENIZER(1 << 14) {
    @Override
    Target open() throws Exception {
      return new TokenizerTarget();
    }
  };

  private static final Path SEEDS = Path.of("src/test/resources/fuzz");

  private final int longest;

  Kind(int longest) {
    this.longest = longest;
  }

  abstract Target open() throws Exception;

  /** Inputs that tests make, and need not keep. */
  List<byte[]> moreSeeds() {
    return List.of();
  }

  /** Bytes of the longest input that is tried. */
  int longest() {
    return longest;
  }

  String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static Kind of(String word) {
    return Stream.of(values())
        .filter(kind -> kind.word().equals(word))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(word + " is none of " + words()));
  }

  private static List<String> words() {
    return Stream.of(values()).map(Kind::word).toList();
  }

  /** The folder of its seeds. */
  Path seeds() {
    return SEEDS.resolve(word());
  }

  List<Path> seedFiles() throws IOException {
    try (Stream<Path> files = Files.list(seeds())) {
      return new ArrayList<>(files.sorted().toList());
    }
  }
}
