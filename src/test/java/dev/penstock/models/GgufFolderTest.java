package dev.penstock.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.engine.Backends;
import dev.penstock.testing.TinyGguf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directories with GGUF files, and what the headers may say. */
final class GgufFolderTest {
  private static final List<ModelSpec> LISTED =
      ModelCatalogue.load(Backends.BUILT_IN.forms(), null).all();

  @TempDir Path temp;

  private Path models() {
    return temp.resolve("models");
  }

  /** As it is some time after the files were written. */
  private ModelCatalogue catalogue() {
    Instant later = Instant.now().plusSeconds(60);
    return ModelCatalogue.of(LISTED, models(), () -> later);
  }

  private ModelSpec found(String name) {
    ModelCatalogue catalogue = catalogue();
    return catalogue
        .find(name)
        .orElseThrow(() -> new AssertionError(catalogue.broken().toString()));
  }

  private @Nullable String whyBroken(String name) {
    return catalogue().broken().get(name);
  }

  private @Nullable String whyBroken(byte[] file) throws IOException {
    Files.createDirectories(models().resolve("bad"));
    Files.write(models().resolve("bad/m.gguf"), file);
    return whyBroken("bad");
  }

  @Test
  void aDirectoryWithAFileIsAModelThatMakesTexts() throws Exception {
    Path file = TinyGguf.model().write(models().resolve("mine/some-Q4_0.gguf"));
    TinyGguf.model().write(models().resolve("mine/mmproj-pictures.gguf"));
    Files.writeString(models().resolve("mine/chat_template.jinja"), "{{ messages }}");
    ModelSpec spec = found("mine");
    assertThat(spec.is(GenerationTraits.KIND)).isTrue();
    var source = (GgufFiles.Folder) spec.sources().getFirst();
    assertThat(source.backend()).isEqualTo("llama");
    assertThat(source.file()).isEqualTo(file);
    assertThat(source.template()).isEqualTo(models().resolve("mine/chat_template.jinja"));
    GgufFile header = source.header();
    assertThat(header.architecture()).isEqualTo("llama");
    assertThat(header.trainedContext()).isEqualTo(2_048);
    assertThat(header.cachedNumbers())
        .as("keys and values of 2 heads with 8 numbers in 3 layers")
        .isEqualTo(2 * 2 * 8 * 3);
    assertThat(header.hasTemplate()).isFalse();
    assertThat(header.bytes()).isEqualTo(Files.size(file));
    assertThat(catalogue().all("embedding")).doesNotContain(spec);
  }

  @Test
  void severalModelsInADirectoryAreBrokenUntilOneIsNamed() throws Exception {
    TinyGguf.model().write(models().resolve("two/a.gguf"));
    TinyGguf.model().write(models().resolve("two/b.gguf"));
    assertThat(whyBroken("two"))
        .isEqualTo(
            "there are several models in it, a.gguf, b.gguf: name the one to use in model.yaml, as in 'file: a.gguf'");
    Files.writeString(
        models().resolve("two/model.yaml"),
        "file: b.gguf\naliases: [second]\ncontext_tokens: 1024\nslots: 2\n");
    ModelSpec spec = found("second");
    assertThat(spec.name()).isEqualTo("two");
    assertThat(GenerationTraits.of(spec).contextTokens()).isEqualTo(1_024);
    var source = (GgufFiles.Folder) spec.sources().getFirst();
    assertThat(source.file()).hasFileName("b.gguf");
    assertThat(source.slots()).isEqualTo(2);
  }

  @Test
  void whatModelYamlMayNotSayIsNamed() throws Exception {
    TinyGguf.model().write(models().resolve("m/a.gguf"));
    Path choices = models().resolve("m/model.yaml");
    Files.writeString(choices, "pooling: mean\n");
    assertThat(whyBroken("m"))
        .contains("pooling", "there are aliases, context_tokens, file, slots");
    Files.writeString(choices, "context_tokens: 4096\n");
    assertThat(whyBroken("m"))
        .isEqualTo("model.yaml: context_tokens = 4096, but a.gguf was trained for 2048");
    Files.writeString(choices, "file: none.gguf\n");
    assertThat(whyBroken("m")).isEqualTo("none.gguf is missing");
  }

  @Test
  void aModelInPartsIsOneAndNeedsThemAll() throws Exception {
    TinyGguf.model()
        .number("split.count", 2)
        .write(models().resolve("parts/big-00001-of-00002.gguf"));
    assertThat(whyBroken("parts")).isEqualTo("big-00002-of-00002.gguf is missing");
    Path second = models().resolve("parts/big-00002-of-00002.gguf");
    new TinyGguf().number("split.count", 2).tensor("rest", 8).write(second);
    GgufFile header = ((GgufFiles) found("parts").sources().getFirst()).header();
    assertThat(header.files()).hasSize(2);
    assertThat(header.bytes())
        .isEqualTo(Files.size(second) + Files.size(header.files().getFirst()));
    Files.delete(models().resolve("parts/big-00001-of-00002.gguf"));
    assertThat(whyBroken("parts"))
        .isEqualTo("big-00002-of-00002.gguf is a part of a model, and its first is missing");
    assertThat(whyBroken(TinyGguf.model().number("split.count", 3).bytes()))
        .contains("the first of 3 parts", "-00001-of-00003.gguf");
  }

  @Test
  void aFileThatIsCutShortIsBrokenWhereverThatIs() throws Exception {
    byte[] whole = TinyGguf.model().bytes();
    assertThat(whyBroken(whole)).isNull();
    for (int length = 0; length < whole.length; length++) {
      assertThat(whyBroken(Arrays.copyOf(whole, length)))
          .as("%d bytes of %d", length, whole.length)
          .containsAnyOf("cut short", "is no GGUF file");
    }
    assertThat(whyBroken(Arrays.copyOf(whole, whole.length - 1)))
        .isEqualTo(
            "m.gguf is cut short: it has %d bytes of %d".formatted(whole.length - 1, whole.length));
  }

  @Test
  void headersThatCountWhatIsNotThereAreBroken() throws Exception {
    assertThat(whyBroken(TinyGguf.model().version(1).bytes()))
        .isEqualTo("m.gguf has version 1 of GGUF, and those that can be read are 2 and 3");
    assertThat(whyBroken(TinyGguf.model().version(0x03000000).bytes()))
        .contains("version 50331648");
    assertThat(whyBroken(new TinyGguf().number("a", 1).bytes()))
        .isEqualTo("m.gguf does not say which architecture it has");
    assertThat(whyBroken(new TinyGguf().text("general.architecture", "bert").bytes()))
        .isEqualTo("m.gguf is of the architecture bert, which goes on with no text");
    for (long many : new long[] {Long.MIN_VALUE, -1, Long.MAX_VALUE, 1L << 62, 1L << 40}) {
      for (byte[] bad :
          new byte[][] {
            new TinyGguf().claims(many, 0).bytes(),
            new TinyGguf().claims(0, many).bytes(),
            TinyGguf.model().list("tokenizer.ggml.tokens", many).bytes(),
            TinyGguf.model().hollow("a", many).bytes(),
            TinyGguf.model().hollow("general.architecture", many).bytes(),
            TinyGguf.model().tensor("huge", many).bytes()
          }) {
        assertThat(whyBroken(bad)).as("%d", many).isNotBlank().doesNotContain("cannot be read");
      }
    }
  }

  @Test
  void whateverBytesAreFlippedIsAReasonOrAModel() throws Exception {
    byte[] whole = TinyGguf.model().bytes();
    var random = new Random(5);
    for (int i = 0; i < 500; i++) {
      byte[] bad = whole.clone();
      for (int flips = 0; flips < 3; flips++) {
        bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(Byte.SIZE));
      }
      Path file = Files.write(temp.resolve("flipped.gguf"), bad);
      try {
        assertThat(new GgufFiles.Listed(file, 0).header().cachedNumbers()).isNotNegative();
      } catch (IOException e) {
        assertThat(e.getMessage()).startsWith("flipped.gguf ");
      }
    }
  }

  @Test
  void aFileThatIsNotTheDirectorysOwnIsNotRead() throws Exception {
    Path secret = TinyGguf.model().write(temp.resolve("elsewhere/secret.gguf"));
    Files.createDirectories(models().resolve("link"));
    Files.createSymbolicLink(models().resolve("link/m.gguf"), secret);
    Files.createDirectories(models().resolve("hard"));
    Files.createLink(models().resolve("hard/m.gguf"), secret);
    Map<String, String> broken = catalogue().broken();
    assertThat(broken.get("link")).isEqualTo("m.gguf is a link that leads out of its directory");
    assertThat(broken.get("hard")).contains("has another name as well");
  }

  @Test
  void aFileOfModelsYamlIsReadOnceItIsUsed() throws Exception {
    Path yaml = temp.resolve("models.yaml");
    Path file = temp.resolve("later.gguf");
    Files.writeString(
        yaml,
        """
        models:
          - name: listed
            kind: generation
            context_tokens: 512
            backends:
              - llama: {file: %s, slots: 2}
        """
            .formatted(file));
    ModelSpec spec =
        ModelCatalogue.load(Backends.BUILT_IN.forms(), yaml).find("listed").orElseThrow();
    assertThat(GenerationTraits.of(spec).contextTokens()).isEqualTo(512);
    var source = (GgufFiles) spec.sources().getFirst();
    assertThat(source).isEqualTo(new GgufFiles.Listed(file, 2));
    assertThatThrownBy(source::header).hasMessage("later.gguf is missing");
    TinyGguf.model().write(file);
    assertThat(source.header().trainedContext()).isEqualTo(2_048);
  }
}
