package dev.penstock.engine.llama;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.config.Settings;
import dev.penstock.engine.Backend;
import dev.penstock.engine.CannotOpenModel;
import dev.penstock.engine.Device;
import dev.penstock.engine.EngineParts;
import dev.penstock.engine.MemoryNeed;
import dev.penstock.json.JsonMappers;
import dev.penstock.models.FieldReader;
import dev.penstock.models.GenerationTraits;
import dev.penstock.models.GgufFile;
import dev.penstock.models.GgufFiles;
import dev.penstock.models.ModelSource;
import dev.penstock.models.ModelSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** llama.cpp, in a process for each model. */
public final class LlamaBackend implements Backend {
  private static final Logger LOG = LoggerFactory.getLogger(LlamaBackend.class);

  /** Tokens of one step: the rest of a prompt waits. */
  private static final int STEP = 512;

  private static final int USUAL_CONTEXT = 4_096;

  /** More than any model has. */
  private static final int ALL_LAYERS = 999;

  /** Beside weights and cache: the JVM, the library and what a step computes with. */
  private static final long OVERHEAD = 160L << 20;

  private static final int MAX_TEMPLATE = 1 << 20;
  private static final int MAX_CONFIG = 16 << 20;
  private static final double MIB = 1 << 20;

  /** Words of trouble that has to do with the machine, or with the library. */
  private static final List<String> MAY_PASS =
      List.of(
          "alloc",
          "memory",
          "mmap",
          "too many open files",
          "input/output error",
          "another release");

  private final Quarantine quarantine = new Quarantine(System::nanoTime);

  @Override
  public String name() {
    return GgufFiles.LLAMA;
  }

  @Override
  public Set<String> kinds() {
    return Set.of(GenerationTraits.KIND);
  }

  @Override
  public GgufFiles read(FieldReader fields) {
    return GgufFiles.Listed.read(fields);
  }

  @Override
  public boolean apart() {
    return true;
  }

  @Override
  public MemoryNeed need(ModelSpec spec, ModelSource source, EngineParts parts) {
    try {
      GgufFiles files = (GgufFiles) source;
      GgufFile header = files.header();
      ModelPlan plan = plan(spec, files, header, parts);
      long cache =
          (long) plan.context()
              * plan.slots()
              * header.cachedNumbers()
              * (plan.fullCache() ? Float.BYTES : Short.BYTES);
      long scores = (long) STEP * header.vocabulary() * Float.BYTES;
      long all = header.bytes() + cache + scores + OVERHEAD;
      return new MemoryNeed(all, all);
    } catch (IOException | IllegalArgumentException e) {
      LOG.debug("model {}: nobody knows what it takes", spec.name(), e); // nor can it be opened
      return MemoryNeed.NOTHING;
    }
  }

  private static ModelPlan plan(
      ModelSpec spec, GgufFiles files, GgufFile header, EngineParts parts) {
    Settings.Llama settings = parts.llama();
    int asked =
        files instanceof GgufFiles.Folder
            ? files.contextTokens()
            : GenerationTraits.of(spec).contextTokens();
    int slots = files.slots() == 0 ? settings.slots() : files.slots();
    int threads =
        settings.threads() == 0
            ? Math.max(1, Runtime.getRuntime().availableProcessors() - 1)
            : settings.threads();
    return new ModelPlan(
        files.file().toAbsolutePath().toString(),
        slots,
        asked == 0 ? usualContext(settings, header) : asked,
        STEP,
        threads,
        onGpu(parts) ? ALL_LAYERS : 0,
        settings.fullCache());
  }

  private static int usualContext(Settings.Llama settings, GgufFile header) {
    int trained = header.trainedContext() == 0 ? USUAL_CONTEXT : header.trainedContext();
    return settings.contextTokens() == 0 ? trained : Math.min(trained, settings.contextTokens());
  }

  /** The library of who asks for one may know a GPU that ONNX Runtime does not. */
  private static boolean onGpu(EngineParts parts) {
    return parts.device() instanceof Device.Cuda
        || parts.settings().device().toLowerCase(Locale.ROOT).startsWith("cuda");
  }

  @Override
  public LlamaGenerator open(ModelSpec spec, ModelSource source, EngineParts parts)
      throws IOException, CannotOpenModel, InterruptedException {
    long start = System.nanoTime();
    GgufFiles files = (GgufFiles) source;
    GgufFile header = files.header();
    ModelPlan plan;
    try {
      plan = plan(spec, files, header, parts);
    } catch (IllegalArgumentException e) {
      throw new CannotOpenModel(e, true); // other settings are right for it
    }
    var process = new LlamaProcess(parts.children(), LlamaProcess.Patience.USUAL);
    var model =
        new LivingModel(
            spec.name(),
            source,
            process,
            () -> LibraryFolder.find(System.getenv(), parts.data()),
            plan,
            quarantine);
    try {
      ModelInfo info = model.open(0);
      ChatPrompt chat = ChatPrompt.of(spec.name(), info, template(files, info));
      var opened =
          new LlamaGenerator(
              spec.name(),
              plan.gpuLayers() > 0 ? parts.device().name() : "cpu",
              model,
              info,
              chat,
              Fingerprint.of(header.files()));
      LOG.info(
          "model {} is open in a process of its own: {}, {} slots of {} tokens, {} threads, {} MiB of weights and"
              + " {} of cache, took {} ms{}",
          spec.name(),
          info.description(),
          info.slots(),
          info.context(),
          plan.threads(),
          Math.round(info.weightBytes() / MIB),
          Math.round(info.cacheBytes() / MIB),
          (System.nanoTime() - start) / 1_000_000,
          chat.whyNone().isEmpty() ? "" : "; it " + chat.whyNone());
      return opened;
    } catch (LlamaFailure e) {
      model.close();
      throw new CannotOpenModel(e, mayPass(e));
    } catch (IOException | InterruptedException | RuntimeException e) {
      model.close();
      throw e;
    }
  }

  /** Trouble that is not the file's. */
  private static boolean mayPass(LlamaFailure e) {
    String reason = e.reason().toLowerCase(Locale.ROOT);
    return !(e instanceof LlamaProcess.Unfit) || MAY_PASS.stream().anyMatch(reason::contains);
  }

  /** The model's own, else one that lies beside it; null: there is none. */
  private static @Nullable String template(GgufFiles files, ModelInfo info) throws IOException {
    Path beside = files.template();
    Path config = files.tokenizerConfig();
    if (info.chatTemplate() != null) {
      return info.chatTemplate();
    }
    if (beside != null) {
      return text(beside, MAX_TEMPLATE);
    }
    return config == null ? null : template(text(config, MAX_CONFIG));
  }

  private static String text(Path file, int most) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(most + 1);
      if (bytes.length > most) {
        throw new IOException("%s is longer than %d bytes".formatted(file.getFileName(), most));
      }
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  /** A text, or a list of those that have names, of which one is the usual. */
  private static @Nullable String template(String config) throws IOException {
    JsonNode given;
    try {
      given = JsonMappers.FILES.readTree(config).path("chat_template");
    } catch (JsonProcessingException e) {
      throw new IOException("tokenizer_config.json is no JSON", e);
    }
    if (given.isTextual()) {
      return given.textValue();
    }
    for (JsonNode each : given) {
      if (each.path("name").asText().equals("default")) {
        return each.path("template").textValue();
      }
    }
    return null;
  }
}
