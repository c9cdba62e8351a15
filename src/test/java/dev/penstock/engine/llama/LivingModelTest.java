package dev.penstock.engine.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.models.GgufFiles;
import dev.penstock.subprocess.ChildProcesses;
import dev.penstock.testing.Await;
import dev.penstock.testing.Processes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that die, and what the next one is. */
final class LivingModelTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  private final OwnChildren own = new OwnChildren();
  private final ChildProcesses children = new ChildProcesses("dev.penstock.Main", _ -> {});
  private final Quarantine quarantine = new Quarantine(System::nanoTime);
  private final List<LivingModel> all = new CopyOnWriteArrayList<>();

  @AfterEach
  void end() throws Exception {
    all.forEach(LivingModel::close);
    children.close();
    own.awaitEnd();
  }

  private String maps() throws IOException {
    Set<Long> living = own.all();
    return living.isEmpty()
        ? ""
        : Files.readString(Path.of("/proc/" + living.iterator().next() + "/maps"));
  }

  private LivingModel model(Path file) throws Exception {
    Path library = Stories.library();
    var model =
        new LivingModel(
            "stories",
            new GgufFiles.Listed(file, 0),
            new LlamaProcess(children, LlamaProcess.Patience.USUAL),
            () -> library,
            new ModelPlan(file.toString(), 1, Stories.CONTEXT, 64, 1, 0, true),
            quarantine);
    all.add(model);
    return model;
  }

  private void die(LivingModel model) {
    own.all().forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
    assertThatThrownBy(() -> model.process().tokenise("a", false, false))
        .isInstanceOf(LlamaProcess.Died.class);
  }

  @Test
  void nativeCodeThatDiesOfItselfBeforeItsFirstTokenIsReplacedByPlainerCode() throws Exception {
    LivingModel model = model(Stories.file());
    model.open(0);
    die(model);
    model.died("the child process llama ended: exit 137, signal 9");
    model.open(1);
    assertThat(maps()).contains("libllama").doesNotContain("cpu-x64");
    die(model);
    model.died("the child process llama ended: exit 1; it printed last: # SIGSEGV (0xb)");
    assertThat(model.open(2).vocabulary()).isEqualTo(512);
    assertThat(maps()).contains("cpu-x64");
    assertThat(model.open(0)).as("it is open already").isEqualTo(model.open(1));
    assertThat(model.times()).isEqualTo(3);
  }

  @Test
  void codeThatHasMadeATokenIsRightForTheMachine() throws Exception {
    LivingModel model = model(Stories.file());
    model.open(0);
    model.works();
    die(model);
    model.died("the child process llama ended: exit 139, signal 11");
    model.open(1);
    assertThat(maps()).doesNotContain("cpu-x64");
  }

  @Test
  void aModelWhoseProcessDiesAtEachOpeningIsLeftAlone(@TempDir Path folder) throws Exception {
    Path endless = folder.resolve("endless.gguf");
    assertThat(new ProcessBuilder("mkfifo", endless.toString()).start().waitFor()).isZero();
    LivingModel model = model(endless);
    CompletableFuture<ModelInfo> opening =
        CompletableFuture.supplyAsync(() -> {
          try {
            return model.open(0);
          } catch (Exception e) {
            throw new CompletionException(e);
          }
        });
    for (int death = 0; death < 3; death++) {
      Await.until("it is being opened", LONG, () -> maps().contains("libllama"));
      long child = own.all().iterator().next();
      Processes.signal("KILL", child);
      Processes.awaitEnd(child);
    }
    assertThatThrownBy(opening::join).hasMessageContaining("signal 9");
    assertThatThrownBy(() -> model.open(0)).hasMessageContaining("died three times");
    assertThat(own.all()).isEmpty();
  }
}
