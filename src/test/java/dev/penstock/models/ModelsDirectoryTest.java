package dev.penstock.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.penstock.config.BadSettings;
import dev.penstock.engine.Backends;
import dev.penstock.models.EmbeddingTraits.Inputs;
import dev.penstock.models.EmbeddingTraits.Pooling;
import dev.penstock.testing.ModelFolders;
import dev.penstock.testing.TinyOnnx;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

final class ModelsDirectoryTest {
  private static final List<ModelSpec> LISTED =
      ModelCatalogue.load(Backends.BUILT_IN.forms(), null).all();

  private static final String TOKENIZER = "{\"model\": {\"vocab\": {\"a\": 0}}}";
  private static final float[][] TABLE = {{1, 0}, {0, 1}};

  @TempDir Path temp;

  private Instant now = Instant.now();
  private final InstantSource clock = () -> now;

  private Path models() {
    return temp.resolve("models");
  }

  private ModelCatalogue catalogue() {
    return ModelCatalogue.of(LISTED, models(), clock);
  }

  /** Small: nothing here opens the model. */
  private Path folder(String name) throws IOException {
    Path folder = models().resolve(name);
    onnx(folder, tokens());
    write(folder, "tokenizer.json", TOKENIZER);
    write(folder, "config.json", ModelFolders.CONFIG);
    write(folder, "1_Pooling/config.json", "{\"pooling_mode_mean_tokens\": true}");
    return folder;
  }

  /** A vector for each token. */
  private static TinyOnnx tokens() {
    return new TinyOnnx()
        .input("input_ids")
        .input("attention_mask")
        .table("table", TABLE)
        .node("Gather", "last_hidden_state", "table", "input_ids")
        .output("last_hidden_state", 3);
  }

  private static Path onnx(Path folder, TinyOnnx onnx) throws IOException {
    return onnx.write(Files.createDirectories(folder.resolve("onnx")).resolve("model.onnx"));
  }

  private static void write(Path folder, String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ModelSpec read(String name) {
    return catalogue().find(name).orElseThrow(() -> new AssertionError(catalogue().broken()));
  }

  private String broken(String name) {
    return catalogue().broken().getOrDefault(name, "not broken");
  }

  @Test
  void aDirectoryThatIsNotThereHoldsNoModels() {
    assertThat(catalogue().all()).isEqualTo(LISTED);
    assertThat(catalogue().broken()).isEmpty();
  }

  @Test
  void aDirectoryIsAModelOfItsName() throws IOException {
    Path folder = folder("mine");

    ModelSpec model = read("mine");

    assertThat(catalogue().all()).endsWith(model).hasSize(LISTED.size() + 1);
    assertThat(EmbeddingTraits.of(model).dimensions()).isEqualTo(384);
    assertThat(EmbeddingTraits.of(model).maxTokens()).isEqualTo(512);
    assertThat(EmbeddingTraits.of(model).pooling()).isEqualTo(Pooling.MEAN);
    assertThat(EmbeddingTraits.of(model).prefixes()).isEmpty();
    assertThat(EmbeddingTraits.of(model).output().name()).isEqualTo("last_hidden_state");
    assertThat(EmbeddingTraits.of(model).inputs()).isEqualTo(new Inputs(0, 0));
    assertThat(model.sources().getFirst())
        .isInstanceOfSatisfying(
            ModelFiles.Folder.class,
            files -> {
              assertThat(files.onnx()).isEqualTo(folder.resolve("onnx/model.onnx"));
              assertThat(files.tokenizer()).isEqualTo(folder.resolve("tokenizer.json"));
              assertThat(files.bytes()).isEqualTo(size(files.onnx()));
            });
  }

  @Test
  void theModelMayLieInTheDirectoryItselfAndItsWeightsBesideIt() throws IOException {
    Path folder = folder("mine");
    Files.move(folder.resolve("onnx/model.onnx"), folder.resolve("model.onnx"));
    write(folder, "model.onnx_data", "1234");

    assertThat(read("mine").sources().getFirst())
        .isInstanceOfSatisfying(
            ModelFiles.Folder.class,
            files -> {
              assertThat(files.onnx()).isEqualTo(folder.resolve("model.onnx"));
              assertThat(files.bytes()).isEqualTo(size(files.onnx()) + 4);
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "256  | {'max_seq_length': 256} | {'model_max_length': 512}   | bert        | 512",
        "128  | {'max_seq_length': 512} | {'model_max_length': 128}   | bert        | 512",
        "512  | {'max_seq_length': null}| {'model_max_length': 1e30}  | bert        | 512",
        "512  | {}                      | {'model_max_length': 1000000000000000019884624838656} | xlm-roberta | 514",
        "512  | {}                      | {}                          | mpnet       | 514",
        "8192 | {}                      | {}                          | modernbert  | 8192",
      })
  void theLeastLimitOfTheFilesHolds(
      int expected, String length, String tokenizer, String type, int positions)
      throws IOException {
    Path folder = folder("mine");
    write(folder, "sentence_bert_config.json", length.replace('\'', '"'));
    write(folder, "tokenizer_config.json", tokenizer.replace('\'', '"'));
    write(
        folder,
        "config.json",
        "{\"model_type\":\"%s\",\"hidden_size\":8,\"max_position_embeddings\":%d,\"pad_token_id\":1}"
            .formatted(type, positions));

    assertThat(EmbeddingTraits.of(read("mine")).maxTokens()).isEqualTo(expected);
  }

  @Test
  void robertasCountPositionsFromBehindThePadding() throws IOException {
    Path folder = folder("mine");
    write(
        folder, "config.json", "{\"model_type\":\"roberta\",\"hidden_size\":8,\"pad_token_id\":1}");

    assertThat(EmbeddingTraits.of(read("mine")).inputs()).isEqualTo(new Inputs(1, 2));
  }

  @Test
  void distilBertCallsItsSizeOtherwise() throws IOException {
    write(folder("mine"), "config.json", "{\"model_type\":\"distilbert\",\"dim\":768}");

    assertThat(EmbeddingTraits.of(read("mine")).dimensions()).isEqualTo(768);
    assertThat(EmbeddingTraits.of(read("mine")).inputs()).isEqualTo(Inputs.STANDARD);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "MEAN | {'pooling_mode_cls_token': false, 'pooling_mode_mean_tokens': true}",
        "CLS  | {'pooling_mode_cls_token': true, 'pooling_mode_mean_tokens': false}",
        "MAX  | {'pooling_mode_max_tokens': true}",
        "CLS  | {'pooling_mode': 'cls'}",
        "MEAN | {'pooling_mode_mean_sqrt_len_tokens': true}",
      })
  void poolingIsReadFromItsFile(Pooling expected, String json) throws IOException {
    write(folder("mine"), "1_Pooling/config.json", json.replace('\'', '"'));

    assertThat(EmbeddingTraits.of(read("mine")).pooling()).isEqualTo(expected);
  }

  @Test
  void promptsForQueriesAndDocumentsArePrefixes() throws IOException {
    write(
        folder("mine"),
        "config_sentence_transformers.json",
        "{\"prompts\": {\"query\": \"query: \", \"document\": \"passage: \", \"other\": \"x\"}}");

    assertThat(EmbeddingTraits.of(read("mine")).prefixes())
        .isEqualTo(Map.of("query", "query: ", "passage", "passage: "));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "config.json           |                        | config.json is missing",
        "tokenizer.json        |                        | tokenizer.json is missing",
        "onnx/model.onnx       |                        | onnx/model.onnx is missing",
        "config.json           | {                      | config.json is not JSON",
        "config.json           | 7                      | config.json holds neither an object nor",
        "config.json           | {'hidden_size': 'big'} | config.json has no hidden_size",
        "config.json           | {'hidden_size': 99999999} | hidden_size = 99999999 is no length of a vector",
        "config.json           | {'hidden_size': -1}    | hidden_size = -1 is no length of a vector",
        "tokenizer.json        | {'model': {            | tokenizer.json is not JSON, line 1",
        "tokenizer.json        | []                     | tokenizer.json holds no object",
        "tokenizer.json        | {'model': null}        | tokenizer.json has no model",
        "onnx/model.onnx       | ''                     | onnx/model.onnx is empty",
        "onnx/model.onnx       | no model               | onnx/model.onnx is no ONNX model",
        "onnx/model.onnx       | version https://git-lfs.github.com/spec/v1 | is a Git LFS pointer",
        "config.json           | {'hidden_size': 8, 'max_position_embeddings': 2} | no more than 2 tokens",
        "config.json           | {'hidden_size': 8, 'pad_token_id': -1} | pad_token_id is no token id",
        "1_Pooling/config.json | {'pooling_mode_lasttoken': true} | asks for 'lasttoken'; there are mean, cls and max",
        "1_Pooling/config.json | {}                     | must ask for one way of pooling, not none",
        "1_Pooling/config.json | {'pooling_mode_cls_token': true, 'pooling_mode_mean_tokens': true} | cls_token and mean_tokens",
        "modules.json          | [{'type': 'sentence_transformers.models.Dense'}] | a layer of type 'Dense'",
      })
  void whatIsWrongIsSaidAndTheOthersWork(String file, String json, String reason)
      throws IOException {
    folder("fine");
    Path folder = folder("mine");
    if (json == null) {
      Files.delete(folder.resolve(file));
    } else {
      write(folder, file, json.replace('\'', '"'));
    }

    assertThat(broken("mine")).contains(reason);
    ModelCatalogue catalogue = catalogue();
    assertThat(catalogue.find("mine")).isEmpty();
    assertThat(catalogue.all()).hasSize(LISTED.size() + 1);
    assertThat(catalogue.find("fine")).isPresent();
    assertThatThrownBy(() -> catalogue.require("embedding.model", "mine", EmbeddingTraits.KIND))
        .isInstanceOf(BadSettings.class)
        .hasMessageContaining("it is broken: ")
        .hasMessageContaining(reason);
  }

  @Test
  void aModelThatIsTooNewSaysWhichVersionsCanBeRead() throws IOException {
    onnx(folder("format"), tokens().ir(OnnxFile.NEWEST_IR + 1));
    onnx(folder("operators"), tokens().opset(OnnxFile.NEWEST_OPSET + 1));
    onnx(folder("newest"), tokens().ir(OnnxFile.NEWEST_IR).opset(OnnxFile.NEWEST_OPSET));

    assertThat(broken("format"))
        .contains("has IR version 11, and the newest that can be read is 10");
    assertThat(broken("operators")).contains("has opset 22, and the newest that can be read is 21");
    assertThat(catalogue().find("newest")).isPresent();
  }

  @Test
  void weightsThatAreMissingOrCutShortAreNamed() throws IOException {
    Path whole = weights("whole");
    Path missing = weights("missing");
    Files.delete(missing.resolve("onnx/weights.bin"));
    Path cut = weights("cut");
    write(cut, "onnx/weights.bin", "123456789012345");
    Path model = folder("model");
    byte[] bytes = Files.readAllBytes(model.resolve("onnx/model.onnx"));
    Files.write(model.resolve("onnx/model.onnx"), Arrays.copyOf(bytes, bytes.length / 2));

    assertThat(broken("missing")).contains("onnx/weights.bin is missing");
    assertThat(broken("cut")).contains("onnx/weights.bin is cut short: it has 15 bytes of 16");
    assertThat(broken("model")).contains("onnx/model.onnx is cut short");
    assertThat(read("whole").sources().getFirst())
        .isInstanceOfSatisfying(
            ModelFiles.Folder.class,
            files -> assertThat(files.bytes()).isEqualTo(size(files.onnx()) + 16));
    assertThat(whole).isDirectory();
  }

  private Path weights(String name) throws IOException {
    Path folder = folder(name);
    onnx(
        folder,
        new TinyOnnx()
            .input("input_ids")
            .input("attention_mask")
            .tableIn(folder.resolve("onnx/weights.bin"), "table", TABLE)
            .node("Gather", "last_hidden_state", "table", "input_ids")
            .output("last_hidden_state", 3));
    return folder;
  }

  @Test
  void weightsOutsideOfTheDirectoryAreNotRead() throws IOException {
    Path folder = folder("mine");
    Files.write(temp.resolve("outside.bin"), new byte[16]);
    onnx(folder, tokens().tableNamed("../../../outside.bin", "secret", TABLE));

    assertThat(broken("mine")).contains("has weights outside of its directory");
  }

  @ParameterizedTest
  @EnumSource(TinyOnnx.Place.class)
  void weightsThatAreHiddenInAModelAreNotReadFromElsewhereEither(TinyOnnx.Place place)
      throws IOException {
    Files.write(temp.resolve("outside.bin"), new byte[16]);
    Path beside = folder("beside");
    Files.write(beside.resolve("onnx/weights.bin"), new byte[16]);
    onnx(beside, tokens().tableAt(place, "weights.bin", TABLE));
    onnx(folder("up"), tokens().tableAt(place, "../../../outside.bin", TABLE));
    onnx(folder("sibling"), tokens().tableAt(place, "../../beside/onnx/weights.bin", TABLE));
    onnx(folder("absolute"), tokens().tableAt(place, "/etc/passwd", TABLE));
    onnx(folder("memory"), tokens().tableAt(place, "*/_ORT_MEM_ADDR_/*", TABLE));
    Path link = folder("link");
    Files.createSymbolicLink(link.resolve("onnx/weights.bin"), Path.of("/etc/passwd"));
    onnx(link, tokens().tableAt(place, "weights.bin", TABLE));
    onnx(folder("folder"), tokens().tableAt(place, "..", TABLE));
    onnx(folder("nothing"), tokens().tableAt(place, "", TABLE));
    onnx(folder("letters"), tokens().tableAt(place, "w\u00e9ights.bin", TABLE));

    assertThat(catalogue().find("beside")).isPresent();
    assertThat(catalogue().broken())
        .containsOnlyKeys(
            "up", "sibling", "absolute", "memory", "link", "folder", "nothing", "letters");
    for (String name : List.of("up", "sibling", "absolute", "memory", "folder", "nothing")) {
      assertThat(broken(name)).contains("has weights outside of its directory");
    }
    assertThat(broken("link")).contains("onnx/weights.bin is a link that leads out");
  }

  @Test
  void weightsThatAnotherReaderWouldSeeInOddBytesAreNotReadEither() throws IOException {
    onnx(folder("mine"), tokens().tableDisguised("/etc/passwd", TABLE));

    assertThat(broken("mine")).startsWith("onnx/model.onnx is no ONNX model");
  }

  @Test
  void theFilesOfASiblingAreNotReadThroughLinks() throws IOException {
    Path sibling = folder("sibling");
    write(sibling, "model.yaml", "max_tokens: 7");
    for (String file : List.of("tokenizer.json", "config.json", "onnx/model.onnx", "model.yaml")) {
      Path folder = folder(file.replace('/', '-'));
      Files.deleteIfExists(folder.resolve(file));
      Files.createSymbolicLink(folder.resolve(file), sibling.resolve(file));
    }
    Path whole = folder("whole-folder");
    Files.delete(whole.resolve("onnx/model.onnx"));
    Files.delete(whole.resolve("onnx"));
    Files.createSymbolicLink(whole.resolve("onnx"), sibling.resolve("onnx"));

    assertThat(catalogue().all()).extracting(ModelSpec::name).endsWith("sibling");
    assertThat(catalogue().broken().values())
        .hasSize(5)
        .allMatch(reason -> reason.contains("is a link that leads out of its directory"));
  }

  @Test
  void aLinkWithinTheDirectoryIsTheFileThatItLeadsTo() throws IOException {
    Path folder = weights("mine");
    Files.move(folder.resolve("onnx/model.onnx"), folder.resolve("onnx/model_fp32.onnx"));
    Files.createSymbolicLink(folder.resolve("onnx/model.onnx"), Path.of("model_fp32.onnx"));
    Files.createSymbolicLink(folder.resolve("model.onnx"), Path.of("onnx/model_fp32.onnx"));

    assertThat(read("mine").sources().getFirst())
        .isInstanceOfSatisfying(
            ModelFiles.Folder.class,
            files -> assertThat(files.onnx()).isEqualTo(folder.resolve("onnx/model_fp32.onnx")));
  }

  @Test
  void aFileThatHasASecondNameElsewhereIsNotRead() throws IOException {
    write(temp, "secret", TOKENIZER);
    Path folder = folder("mine");
    Files.delete(folder.resolve("tokenizer.json"));
    Files.createLink(folder.resolve("tokenizer.json"), temp.resolve("secret"));
    Path weights = weights("weights");
    Files.createLink(temp.resolve("other.bin"), weights.resolve("onnx/weights.bin"));

    assertThat(broken("mine")).startsWith("tokenizer.json has another name as well (a hard link)");
    assertThat(broken("weights")).startsWith("onnx/weights.bin has another name as well");
  }

  @Test
  void aModelWhoseFileGetsASecondNameIsNotUsedFromThenOn() throws IOException {
    Path folder = folder("mine");
    ModelCatalogue catalogue = catalogue();
    assertThat(catalogue.find("mine")).isPresent();

    Files.createLink(temp.resolve("second"), folder.resolve("config.json"));
    now = now.plusSeconds(10);
    catalogue.rescan();

    assertThat(catalogue.broken().get("mine")).startsWith("config.json has another name as well");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tokenizer.json",
        "config.json",
        "model.yaml",
        "modules.json",
        "1_Pooling/config.json",
        "onnx/model.onnx",
        "onnx/weights.bin"
      })
  @Timeout(60)
  void aPipeOrADeviceInAFilesPlaceHoldsNobody(String file) throws Exception {
    folder("fine");
    Path pipe = weights("pipe");
    Files.deleteIfExists(pipe.resolve(file));
    assertThat(new ProcessBuilder("mkfifo", pipe.resolve(file).toString()).start().waitFor())
        .isZero();
    Path device = weights("device");
    Files.deleteIfExists(device.resolve(file));
    Files.createSymbolicLink(device.resolve(file), Path.of("/dev/zero"));
    Path nowhere = weights("nowhere");
    Files.deleteIfExists(nowhere.resolve(file));
    Files.createSymbolicLink(nowhere.resolve(file), Path.of("none"));

    assertThat(catalogue().find("fine")).isPresent();
    assertThat(broken("pipe")).startsWith(file + " is no regular file");
    assertThat(broken("device")).startsWith(file + " is a link that leads out of its directory");
    assertThat(broken("nowhere")).startsWith(file + " is a link that leads nowhere");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tokenizer.json",
        "config.json",
        "tokenizer_config.json",
        "modules.json",
        "sentence_bert_config.json",
        "config_sentence_transformers.json",
        "1_Pooling/config.json"
      })
  void deepJsonHarmsItsDirectoryAloneAndIsSaidOnce(String file) throws IOException {
    folder("fine");
    write(folder("lists"), file, "[".repeat(500_000));
    write(folder("objects"), file, "{\"model\":".repeat(100) + "1" + "}".repeat(100));
    var log = new ListAppender<ILoggingEvent>();
    log.start();
    var logger = (Logger) LoggerFactory.getLogger(ModelsDirectory.class);
    logger.addAppender(log);
    try {
      now = Instant.now().plusSeconds(10);
      ModelCatalogue catalogue = catalogue();
      for (int look = 0; look < 3; look++) {
        assertThat(catalogue.find("fine")).isPresent();
        assertThat(catalogue.broken().get("objects")).startsWith(file + " is nested too deeply");
        assertThat(catalogue.broken().get("lists")).startsWith(file);
        now = now.plusSeconds(10);
        catalogue.rescan();
      }
    } finally {
      logger.detachAppender(log);
    }
    assertThat(log.list.stream().filter(line -> line.getLevel() == Level.WARN)).hasSize(2);
  }

  @Test
  void aModelOfGraphsWithinGraphsIsNoModel() throws IOException {
    onnx(folder("some"), tokens().nested(8));
    onnx(folder("many"), tokens().nested(2_000));

    assertThat(catalogue().find("some")).isPresent();
    assertThat(broken("many"))
        .startsWith("onnx/model.onnx has graphs within graphs, more than 32 deep");
  }

  @Test
  void aModelOfNamesWithoutEndIsNoModel() throws IOException {
    folder("fine");
    TinyOnnx onnx = tokens();
    for (int i = 0; i < 300; i++) {
      onnx.number("x".repeat(60_000) + i, i);
    }
    onnx(folder("names"), onnx);

    assertThat(broken("names")).startsWith("onnx/model.onnx has more names than a model has");
    assertThat(catalogue().find("fine")).isPresent();
  }

  @Test
  void aTokenizerWithoutEndIsNotRead() throws IOException {
    folder("fine");
    Path folder = folder("mine");
    try (var file = new RandomAccessFile(folder.resolve("tokenizer.json").toFile(), "rw")) {
      file.setLength(1L << 40); // a hole, which takes no room
    }

    assertThat(broken("mine")).startsWith("tokenizer.json is longer than 134217728 bytes");
    assertThat(catalogue().find("fine")).isPresent();
  }

  @Test
  void aDirectoryThatChangesHasAnotherFingerprintAndOneThatMovesHasTheSame() throws IOException {
    Path folder = weights("mine");
    String fingerprint = new ModelPlace(models(), "mine").read().fingerprint();
    Path moved = temp.resolve("moved");
    Files.move(models(), moved);
    assertThat(new ModelPlace(moved, "mine").read().fingerprint()).isEqualTo(fingerprint);
    Files.move(moved, models());

    Path weights = folder.resolve("onnx/weights.bin");
    FileTime before = Files.getLastModifiedTime(weights);
    byte[] bytes = Files.readAllBytes(weights);
    bytes[0]++;
    Object changed = Files.getAttribute(weights, "unix:ctime");
    do { // the file system's clock may stand still for milliseconds
      Files.write(weights, bytes);
      Files.setLastModifiedTime(weights, before);
    } while (Files.getAttribute(weights, "unix:ctime").equals(changed));

    assertThat(new ModelPlace(models(), "mine").read().fingerprint()).isNotEqualTo(fingerprint);
  }

  @Test
  void aFileThatWasMissingMakesTheModelWorkWhateverItsName() throws IOException {
    Path folder = weights("mine");
    byte[] weights = Files.readAllBytes(folder.resolve("onnx/weights.bin"));
    Files.delete(folder.resolve("onnx/weights.bin"));
    now = Instant.now().plusSeconds(10);
    ModelCatalogue catalogue = catalogue();
    assertThat(catalogue.broken()).containsOnlyKeys("mine");

    Files.write(folder.resolve("onnx/weights.bin"), weights);
    now = Instant.now().plusSeconds(20);
    catalogue.rescan();

    assertThat(catalogue.find("mine")).isPresent();
  }

  @Test
  void whatIsWrongIsSaidOnceInTheLogHoweverOftenItIsLookedAt() throws IOException {
    write(folder("mine"), "onnx/model.onnx", "no model");
    var logger = (Logger) LoggerFactory.getLogger(ModelsDirectory.class);
    var log = new ListAppender<ILoggingEvent>();
    log.start();
    logger.addAppender(log);
    try {
      now = Instant.now().plusSeconds(10);
      ModelCatalogue catalogue = catalogue();
      for (int look = 0; look < 5; look++) {
        now = now.plusSeconds(10);
        catalogue.rescan();
        assertThat(catalogue.find("mine")).isEmpty();
      }
    } finally {
      logger.detachAppender(log);
    }
    assertThat(log.list)
        .singleElement()
        .satisfies(line ->
            assertThat(line.getFormattedMessage())
                .isEqualTo("model mine is broken: onnx/model.onnx is no ONNX model"));
  }

  /** As cp -a and rsync -t make it: each file has its old time as soon as it is there. */
  @Test
  void aDirectoryThatIsCopiedWithItsOldTimesIsNotUsedUntilItIsStill() throws IOException {
    ModelCatalogue catalogue = catalogue();
    Path folder = folder("mine");
    FileTime old = FileTime.from(Instant.now().minus(Duration.ofDays(9)));
    Files.setLastModifiedTime(folder.resolve("onnx/model.onnx"), old);
    for (String each : List.of("tokenizer.json", "config.json", "1_Pooling", "onnx", "")) {
      Files.setLastModifiedTime(folder.resolve(each), old);
    }

    now = Instant.now();
    catalogue.rescan();
    assertThat(catalogue.all()).isEqualTo(LISTED);
    assertThat(catalogue.broken().get("mine")).contains("still being written");
    assertThat(catalogue.lasting()).isEmpty();

    now = Instant.now().plusSeconds(3);
    catalogue.rescan();
    assertThat(catalogue.find("mine")).isPresent();
  }

  @Test
  void aDirectoryHalfCopiedAtTheStartIsNotBrokenYet() throws IOException {
    Path folder = folder("mine");
    byte[] bytes = Files.readAllBytes(folder.resolve("onnx/model.onnx"));
    Files.write(folder.resolve("onnx/model.onnx"), Arrays.copyOf(bytes, bytes.length / 2));
    ModelCatalogue catalogue = catalogue();
    assertThat(catalogue.lasting()).isEmpty();

    Files.write(folder.resolve("onnx/model.onnx"), bytes);
    now = Instant.now().plusSeconds(3);
    catalogue.rescan();

    assertThat(catalogue.find("mine")).isPresent();
  }

  @Test
  void aModelWhoseFilesAreChangingDoesNotStand() throws IOException {
    Path folder = folder("mine");
    ModelCatalogue catalogue = catalogue();
    ModelSpec model = catalogue.find("mine").orElseThrow();
    assertThat(catalogue.stands(model)).isTrue();

    write(folder, "config.json", ModelFolders.CONFIG + " ");
    now = Instant.now();
    assertThat(catalogue.stands(model)).isFalse();
    catalogue.markBroken(model, "half a file");
    assertThat(catalogue.broken()).isEmpty();

    now = Instant.now().plusSeconds(3);
    catalogue.rescan();
    assertThat(catalogue.stands(model)).isFalse();
    assertThat(catalogue.stands(catalogue.find("mine").orElseThrow())).isTrue();
  }

  @Test
  void aModelOfTheFileThatNeverOpensIsLeftOutUnderAllItsNames() {
    ModelCatalogue catalogue = catalogue();

    catalogue.markBroken(LISTED.getFirst(), "it is too large");

    assertThat(catalogue.all()).isEqualTo(LISTED.subList(1, LISTED.size()));
    assertThat(catalogue.whyNone("text-embedding-3-small", EmbeddingTraits.KIND))
        .contains("it is too large");
  }

  @Test
  void aModelOfAnotherNameIsPointedOut() throws IOException {
    Path folder = folder("mine");
    Files.move(folder.resolve("onnx/model.onnx"), folder.resolve("onnx/model_int8.onnx"));

    assertThat(broken("mine")).contains("there is onnx/model_int8.onnx");
  }

  @Test
  void linksThatLeadOutAreRefused() throws IOException {
    Path outside = temp.resolve("outside");
    write(outside, "tokenizer.json", "{}");
    Path folder = folder("file");
    Files.delete(folder.resolve("tokenizer.json"));
    Files.createSymbolicLink(folder.resolve("tokenizer.json"), outside.resolve("tokenizer.json"));
    Files.createSymbolicLink(models().resolve("whole"), outside);
    Path weights = folder("weights");
    Files.createSymbolicLink(
        weights.resolve("onnx/model.onnx_data"), outside.resolve("tokenizer.json"));
    folder("inside");
    Files.createSymbolicLink(models().resolve("alias"), models().resolve("inside"));

    assertThat(broken("file")).contains("tokenizer.json is a link that leads out");
    assertThat(broken("weights")).contains("onnx/model.onnx_data is a link that leads out");
    assertThat(broken("whole")).contains("it is a link that leads out of models.dir");
    assertThat(EmbeddingTraits.of(read("alias")).dimensions()).isEqualTo(384);
  }

  @Test
  void aNameIsNeverAPath() throws IOException {
    folder("mine");
    write(models().resolve("not a name"), "config.json", "{}");
    Files.createDirectories(models().resolve(".hidden"));
    write(temp, "config.json", "{}");

    for (String name : List.of("..", ".", "../models/mine", "mine/", "not a name", ".hidden", "")) {
      assertThat(catalogue().find(name)).as(name).isEmpty();
    }
    assertThat(catalogue().broken()).isEmpty();
  }

  @Test
  void modelsOfTheFileWinOverDirectories() throws IOException {
    folder("all-minilm-l6-v2");
    folder("text-embedding-3-small");

    assertThat(catalogue().all()).isEqualTo(LISTED);
    assertThat(catalogue().broken()).isEmpty();
  }

  @Test
  void aModelIsFoundWhileRunningOnceItsFilesRest() throws IOException {
    ModelCatalogue catalogue = catalogue();
    Path folder = folder("mine");

    now = Instant.now();
    catalogue.rescan();
    assertThat(catalogue.find("mine")).isEmpty();
    assertThat(catalogue.broken().get("mine")).contains("still being written");

    now = now.plus(Duration.ofSeconds(3));
    assertThat(catalogue.find("mine")).isPresent();
    assertThat(catalogue.broken()).isEmpty();

    ModelSpec before = catalogue.find("mine").orElseThrow();
    write(folder, "sentence_bert_config.json", "{\"max_seq_length\": 64}");
    Files.setLastModifiedTime(
        folder.resolve("sentence_bert_config.json"), FileTime.from(now.plusSeconds(1)));
    now = now.plus(Duration.ofSeconds(2));
    catalogue.rescan();
    assertThat(catalogue.find("mine")).contains(before);
    now = now.plus(Duration.ofSeconds(3));
    catalogue.rescan();
    assertThat(EmbeddingTraits.of(catalogue.find("mine").orElseThrow()).maxTokens()).isEqualTo(64);
    assertThat(catalogue.find("mine")).isNotEqualTo(before);
  }

  @Test
  void anUnknownNameMakesItLookOnceASecond() throws IOException {
    ModelCatalogue catalogue = catalogue();
    folder("mine");
    now = Instant.now().plusSeconds(10);
    assertThat(catalogue.find("mine")).isPresent();

    folder("next");
    now = now.plus(Duration.ofMillis(900));
    assertThat(catalogue.find("next")).isEmpty();
    now = now.plus(Duration.ofMillis(200));
    assertThat(catalogue.find("next")).isPresent();
  }

  @Test
  void aModelThatGoesIsForgotten() throws IOException {
    Path folder = folder("mine");
    ModelCatalogue catalogue = catalogue();
    Files.move(folder, temp.resolve("away"));

    catalogue.rescan();

    assertThat(catalogue.all()).isEqualTo(LISTED);
  }

  @Test
  void aModelMarkedAsBrokenStaysSoUntilItsFilesChange() throws IOException {
    Path folder = folder("mine");
    ModelCatalogue catalogue = catalogue();
    ModelSpec model = catalogue.find("mine").orElseThrow();

    catalogue.markBroken(model, "cannot be opened");
    catalogue.rescan();
    assertThat(catalogue.all()).isEqualTo(LISTED);
    assertThat(catalogue.broken()).isEqualTo(Map.of("mine", "cannot be opened"));

    onnx(folder, tokens().table("more", TABLE));
    now = Instant.now().plusSeconds(10);
    catalogue.rescan();
    assertThat(catalogue.find("mine")).isPresent();
    catalogue.markBroken(model, "what was there before is no matter");
    assertThat(catalogue.broken()).isEmpty();
  }

  @Test
  void aModelIsTakenInThoughTheClockIsSetBackWhileItSettles() throws IOException {
    ModelCatalogue catalogue = catalogue();
    Path folder = folder("mine");
    Files.setLastModifiedTime(
        folder.resolve("config.json"), FileTime.from(now.plus(Duration.ofSeconds(30))));
    now = now.plusSeconds(30);
    catalogue.rescan();
    assertThat(catalogue.find("mine")).isEmpty();
    now = now.minus(Duration.ofHours(2));
    catalogue.rescan();
    assertThat(catalogue.find("mine")).isPresent();
  }
}
