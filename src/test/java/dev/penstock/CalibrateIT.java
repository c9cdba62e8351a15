package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.CommandProcess;
import dev.penstock.testing.HostileModels;
import dev.penstock.testing.ModelFolders;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.TinyModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code penstock calibrate} as a shell runs it, and a server on the same data folder. */
final class CalibrateIT {
  private static final String MODEL = TinyModel.QUICK;

  /** What is kept of it names its file, so its entry can be written by hand. */
  private static final String SHIPPED = "all-minilm-l6-v2-q";

  private static final String OLD = "2026-01-02";
  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

  private static final String TEXT = "{\"input\":\"the same before and after\"}";

  @TempDir Path folder;

  private CommandProcess run(String... arguments) throws Exception {
    return quiet(CommandProcess.run(folder, Map.of(), "", all(arguments)));
  }

  private String[] all(String... arguments) {
    return Stream.concat(
            Stream.of("calibrate", "--device=cpu", "--data=" + data()), Stream.of(arguments))
        .toArray(String[]::new);
  }

  private static CommandProcess quiet(CommandProcess run) {
    assertThat(run.err()).doesNotContain("Exception", "\tat ");
    return run;
  }

  private Path data() {
    return folder.resolve("data");
  }

  private Path file() {
    return data().resolve("calibration.json");
  }

  private static void assertTable(CommandProcess run, String model) {
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.lines().getFirst())
        .matches(
            "model " + model + " on cpu, \\d+ processors: [0-9,]+ texts of 4 to 250 tokens a turn");
    assertThat(run.out())
        .contains("runs  tokens a batch  rounds  texts/s", "of default")
        .containsPattern(" " + PROCESSORS + " +512 +[3-9] .*100 %  the default\n")
        .containsPattern("To set by hand: INFERENCE_THREADS=\\d+ INFERENCE_TOKEN_BUDGET=\\d+\n");
    int threads = PROCESSORS == 1 ? 1 : 2;
    assertThat(
            run.lines().stream()
                .filter(line -> line.matches(" +\\d+ +[0-9,]+ +\\d +([0-9,.]+ .*%.*|–.* out: .*)")))
        .hasSize(4 * threads);
    assertThat(run.lines().stream().filter(CalibrateIT::isVerdict)).hasSize(1);
  }

  private static boolean isVerdict(String line) {
    return line.startsWith("The default stays: ") || line.endsWith(" faster than the default.");
  }

  @Test
  void aDryRunMeasuresWithoutAServerAndKeepsNothing() throws Exception {
    CommandProcess run =
        quiet(
            CommandProcess.watched(
                folder, TinyModel.settings(), "", all("--seconds=5", "--dry-run", MODEL)));
    assertTable(run, MODEL);
    assertThat(run.out()).endsWith("Nothing was kept: --dry-run.\n");
    assertThat(file()).doesNotExist();
    assertThat(run.loaded())
        .noneMatch(name -> name.matches("(io\\.vertx|io\\.netty|org\\.sqlite)\\..*"));
  }

  @Test
  void whatIsWrongIsOneLine() throws Exception {
    assertThat(refused("nope")).contains("no model is called 'nope'", SHIPPED);
    assertThat(refused("--seconds=4", SHIPPED)).contains("--seconds must be from 5 to 600");
    assertThat(refused("--seconds=601", SHIPPED)).contains("--seconds must be from 5 to 600");
    assertThat(refused("--seconds=x", SHIPPED)).contains("--seconds", "'x'");
    assertThat(refused("--no-such-option")).contains("--no-such-option");
    CommandProcess setting = run("--set=inference.threads=many");
    assertThat(setting.code()).isEqualTo(2);
    assertThat(setting.err()).contains("inference.threads", "'many'");
    assertThat(data()).doesNotExist();
  }

  @Test
  void aDeviceThatIsNotThereIsNotMeasuredAsAnother() throws Exception {
    CommandProcess run =
        CommandProcess.run(
            folder,
            TinyModel.settings(),
            "",
            "calibrate",
            "--device=cuda:7",
            "--data=" + data(),
            MODEL);
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("cuda:7 cannot be used");
    assertThat(file()).doesNotExist();
  }

  @Test
  void aModelWhoseFilesAbortNativeCodeIsALineAndTheOthersAreMeasured() throws Exception {
    Path models = Files.createDirectory(folder.resolve("models"));
    ModelFolders.tiny(models, "fine", TinyModel.quick());
    HostileModels.abortsOverAnyText(models, "aborts");
    HostileModels.overflowsTheStack(models, "overflows");
    CommandProcess run =
        quiet(
            CommandProcess.run(
                folder,
                Map.of("MODELS_DIR", models.toString()),
                "",
                all("--seconds=5", "--dry-run", "aborts", "overflows", "fine")));
    assertThat(run.code()).as(run.err()).isEqualTo(1);
    for (String hostile : List.of("aborts", "overflows")) {
      assertThat(run.err().lines())
          .as(run.err())
          .filteredOn(line -> line.startsWith("penstock: calibrate: model " + hostile + ": "))
          .singleElement()
          .asString()
          .contains("tried before its first use, ");
    }
    assertThat(run.out()).contains("model fine on cpu, ").endsWith("--dry-run.\n");
    assertThat(data().resolve("openings/fine.json")).as("no server tries it again").exists();
    assertThat(data().resolve("openings/fine.mark")).doesNotExist();
  }

  private String refused(String... arguments) throws Exception {
    CommandProcess run = run(arguments);
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err().lines()).hasSize(1);
    assertThat(run.err()).startsWith("penstock: ").contains("'penstock calibrate --help'");
    return run.err();
  }

  @Test
  void helpNamesTheOptionsAndTheExitCodes() throws Exception {
    CommandProcess help = CommandProcess.run(folder, Map.of(), "", "calibrate", "--help");
    assertThat(help.code()).isZero();
    assertThat(help.err()).isEmpty();
    assertThat(help.out())
        .contains("MODEL", "--seconds", "--dry-run", "--data", "--device", "Exit codes: 0 ");
  }

  @Test
  void aServerUsesWhatIsKeptAndIsNotHarmedByACalibrationBesideIt() throws Exception {
    Map<String, String> environment =
        new HashMap<>(Map.of("EMBEDDING_MODEL", SHIPPED, "INFERENCE_DEVICE", "cpu"));
    environment.putAll(Map.of("EMBEDDING_CACHE", "0", "SYNC_TTL", "1s"));
    try (PenstockProcess server = PenstockProcess.start(folder, environment);
        Api api = server.api()) {
      assertThat(server.log()).doesNotContain("calibrat");
      server.terminate(Duration.ofSeconds(60));
      Files.writeString(file(), entry());
      server.restart();
      assertThat(server.log())
          .contains("1 runs side by side, 256 padded tokens a batch, calibrated " + OLD);

      Answer before = api.post("/v1/embeddings", TEXT);
      assertThat(before.status()).isEqualTo(200);
      CommandProcess run = run("--seconds=5", SHIPPED);
      assertTable(run, SHIPPED);
      assertThat(run.out()).containsAnyOf("Kept in the data folder", "is forgotten");
      assertThat(run.out()).endsWith("once it opens the model again: restart it.\n");
      Answer after = api.post("/v1/embeddings", TEXT);
      assertThat(after.json().get("data")).isEqualTo(before.json().get("data"));
      assertThat(Files.readString(file())).contains("calibrations").doesNotContain(OLD);
      assertThat(api.get("/health/ready").status()).isEqualTo(200);
    }
  }

  private String entry() throws Exception {
    String onnx;
    try (Stream<Path> models = Files.list(data().resolve("models"))) {
      onnx = models.map(path -> path.getFileName().toString()).toList().getFirst();
    }
    return """
    {"calibrations": [{"model": "%s", "files": "%s MEAN 256 384", "device": "cpu",
      "processors": %d, "onnxruntime": "%s", "threads": 1, "token_budget": 256,
      "date": "%s", "ratio": 1.2, "note": "by hand"}]}
    """
        .formatted(SHIPPED, onnx, PROCESSORS, OrtEnvironment.getEnvironment().getVersion(), OLD);
  }

  @Test
  void aFileThatMakesNoSenseIsOneWarningAndNoFailedStart() throws Exception {
    Files.createDirectories(data());
    Files.writeString(file(), "not ours");
    try (PenstockProcess server =
        PenstockProcess.start(folder, Map.of("INFERENCE_DEVICE", "cpu"))) {
      List<String> about =
          server.log().lines().filter(line -> line.contains("calibration.json")).toList();
      assertThat(about).hasSize(1);
      assertThat(about.getFirst()).contains("WARN");
      assertThat(server.log()).contains("512 padded tokens a batch, took ");
    }
  }
}
