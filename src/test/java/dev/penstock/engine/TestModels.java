package dev.penstock.engine;

import dev.penstock.config.Settings;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.EmbeddingTraits.Pooling;
import dev.penstock.models.EmbeddingTraits.TokenIds;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelFiles;
import dev.penstock.models.ModelSpec;
import dev.penstock.subprocess.ChildProcesses;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** The bundled models, and texts to try them with. */
public final class TestModels {
  public static final ModelSpec MINILM = spec("all-minilm-l6-v2", Pooling.MEAN, 256, Map.of());
  public static final ModelSpec MINILM_Q = spec("all-minilm-l6-v2-q", Pooling.MEAN, 256, Map.of());
  public static final ModelSpec BGE_Q =
      spec(
          "bge-small-en-v1.5-q",
          Pooling.CLS,
          512,
          Map.of("query", "Represent this sentence for searching relevant passages: "));

  private TestModels() {}

  public static LoadedModel open(ModelSpec spec, Path data) throws Exception {
    return Backends.local().load(spec, spec.sources().getFirst(), new Device.Cpu(), data);
  }

  public static ModelSpec with(ModelSpec spec, Truncation truncate, TokenIds tokenIds) {
    EmbeddingTraits traits = EmbeddingTraits.of(spec);
    return with(
        spec,
        new EmbeddingTraits(
            traits.pooling(),
            traits.maxTokens(),
            traits.dimensions(),
            traits.prefixes(),
            truncate,
            tokenIds,
            traits.inputs()));
  }

  public static ModelSpec with(ModelSpec spec, EmbeddingTraits traits) {
    return new ModelSpec(spec.name(), spec.aliases(), traits, spec.sources());
  }

  public static ModelSpec named(String name, ModelSpec spec) {
    return new ModelSpec(name, spec.aliases(), spec.traits(), spec.sources());
  }

  /** The resource that the model is in. */
  public static String onnx(ModelSpec spec) {
    return ((ModelFiles.Resources) files(spec)).onnx();
  }

  /** Where its files are. */
  public static ModelFiles files(ModelSpec spec) {
    return (ModelFiles) spec.sources().getFirst();
  }

  /** Its tokenizer, by itself. */
  public static Tokenizer tokenizer(ModelSpec spec) throws IOException {
    return Tokenizer.open(files(spec), EmbeddingTraits.of(spec).maxTokens());
  }

  /** 200 texts of at most 126 tokens, no two alike. */
  public static List<String> variedTexts() {
    List<String> texts =
        new ArrayList<>(
            List.of(
                "word",
                "a",
                "\t\n leading and trailing \r\n",
                "UPPER lower MiXeD",
                "naïve café Zoë Ångström",
                "e\u0301 combining a\u030a\u0323 marks o\u0308\u0304",
                "日本語のテキストと中文文本",
                "한국어 문장입니다",
                "Привет, мир! Ελληνικά ΣΊΣΥΦΟΣ",
                "العربية نص قصير",
                "हिन्दी में एक वाक्य",
                "😀 emoji 👩‍👩‍👧‍👦 family 🇩🇪 flag 👍🏽",
                "control \u0000\u0001\u0007\u001b\u007f\u0085 characters",
                "zero\u200bwidth\u200djoiner\ufeffbom soft\u00adhyphen",
                "x".repeat(101),
                "y".repeat(100),
                "z".repeat(5_000),
                "supercalifragilisticexpialidocious antidisestablishmentarianism",
                "special [CLS] tokens [SEP] in [MASK] the [PAD] text [UNK]",
                "!!! ??? ... --- *** ((( )))",
                "https://example.org/a/b?c=d&e=%20f#g user@example.org",
                "1234567890 3.14159 -273.15 1e-9 0xCAFE",
                "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝕞𝕒𝕥𝕙 ﬁ ligature ½ ² ™",
                "İstanbul ß ẞ ǅ Ⅷ",
                "\ufffd replacement \ud7ff last before surrogates \ue000 private",
                "<script>alert('hi')</script> SELECT * FROM t; DROP TABLE t;--"));
    String[] words =
        ("the of river water pipe turbine gate feeds model vector queue Task durable night cold bright"
                + " Berlin Paris quantum cat dog mathematics unbelievable running quickly 42 2026 naïve"
                + " 東京 емкость über")
            .split(" ", -1);
    Random random = new Random(11);
    while (texts.size() < 200) {
      StringBuilder text = new StringBuilder();
      int count = 1 + random.nextInt(36);
      for (int i = 0; i < count; i++) {
        text.append(words[random.nextInt(words.length)])
            .append(random.nextInt(9) == 0 ? ". " : " ");
      }
      texts.add(text.toString().strip());
    }
    return texts;
  }

  public static double cosine(float[] a, float[] b) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return dot / Math.sqrt(aa * bb);
  }

  public static double distance(float[] a, float[] b) {
    double most = 0;
    for (int i = 0; i < a.length; i++) {
      most = Math.max(most, Math.abs((double) a[i] - b[i]));
    }
    return most;
  }

  private static ModelSpec spec(
      String name, Pooling pooling, int maxTokens, Map<String, String> prefixes) {
    return new ModelSpec(
        name,
        List.of(),
        new EmbeddingTraits(
            pooling,
            maxTokens,
            384,
            prefixes,
            Truncation.END,
            TokenIds.CL100K_BASE,
            EmbeddingTraits.Inputs.STANDARD),
        List.of(new ModelFiles.Resources(name + ".onnx", name + "-tokenizer.json")));
  }

  private static final ChildProcesses CHILDREN = new ChildProcesses("dev.penstock.Main", _ -> {});

  record InferenceSettings(String device, int threads, int tokenBudget, int tasksInHand)
      implements Settings.Inference {
    static final InferenceSettings CPU = new InferenceSettings("cpu", 0, 0, 16);
  }

  /** How models of GGUF files are opened. */
  public record LlamaSettings(int slots, int contextTokens, int threads, boolean fullCache)
      implements Settings.Llama {
    public static final LlamaSettings EXACT = new LlamaSettings(4, 4_096, 1, true);
  }

  public static EngineParts parts(Path data) {
    return parts(InferenceSettings.CPU, data);
  }

  static EngineParts parts(Settings.Inference settings, Path data) {
    return new EngineParts(
        new Device.Cpu(), settings, LlamaSettings.EXACT, data, run -> {}, CHILDREN);
  }

  /** Engines on the CPU that may take any memory and stay open. */
  public static ModelEngines engines(List<ModelSpec> models, Path data) {
    return new ModelEngines(
        ModelCatalogue.of(models),
        new ModelMemory(0, Duration.ZERO),
        Backends.BUILT_IN,
        parts(data),
        System::nanoTime);
  }

  /** Opens models without a child process. */
  public static TriedOpening untried(ModelCatalogue catalogue) {
    return new TriedOpening(catalogue, null);
  }
}
