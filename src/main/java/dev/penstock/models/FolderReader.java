package dev.penstock.models;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.penstock.base.Visible;
import dev.penstock.json.JsonMappers;
import dev.penstock.models.EmbeddingTraits.Inputs;
import dev.penstock.models.EmbeddingTraits.Pooling;
import dev.penstock.models.EmbeddingTraits.TokenIds;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.models.OutputReader.PoolingFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes a model of a directory, by the files that Hugging Face and Sentence Transformers export
 * beside the weights; one with a GGUF file is for {@link GgufFolder}.
 */
final class FolderReader {
  private static final int MAX_JSON = 1 << 20;

  /** The largest that are known have a quarter of it. */
  private static final int MAX_TOKENIZER = 128 << 20;

  private static final int LEAST_TOKENS = 3;
  private static final int MOST_TOKENS = EmbeddingTraits.MAX_TOKENS;
  private static final int MOST_DIMENSIONS = EmbeddingTraits.MAX_DIMENSIONS;

  /** Where no file says how long a text may be: what most encoders read. */
  private static final int USUAL_TOKENS = 512;

  /** Their positions begin behind that of the padding: so many fewer tokens than positions. */
  private static final Set<String> POSITIONS_AFTER_PADDING =
      Set.of(
          "roberta",
          "roberta-prelayernorm",
          "xlm-roberta",
          "xlm-roberta-xl",
          "xmod",
          "camembert",
          "mpnet",
          "longformer",
          "data2vec-text",
          "ibert",
          "luke",
          "esm");

  private static final int ROBERTA_PADDING = 1;
  private static final List<String> HIDDEN_SIZES = List.of("hidden_size", "dim", "d_model");
  private static final Set<String> MODULES = Set.of("Transformer", "Pooling", "Normalize");
  private static final String SUBFOLDER = "[A-Za-z0-9_-][A-Za-z0-9._-]*";

  private final ModelFolder folder;

  FolderReader(ModelFolder folder) {
    this.folder = folder;
  }

  /**
   * @param revision what the spec says about the state of the files
   */
  ModelSpec read(String revision) throws BrokenModel, IOException {
    if (GgufFolder.is(folder)) {
      return new GgufFolder(folder).read(revision);
    }
    FolderChoices choices = FolderChoices.read(folder);
    Path onnx =
        choices.file() == null
            ? folder.onnx()
            : folder.require(Objects.requireNonNull(choices.file()));
    OnnxFile model = OnnxFile.read(onnx, folder.name(onnx));
    checkVersions(model, folder.name(onnx));
    Path tokenizer = folder.require(ModelFolder.TOKENIZER);
    checkTokenizer(tokenizer);
    JsonNode config = json(folder.require(ModelFolder.CONFIG), ModelFolder.CONFIG);
    Inputs inputs = inputs(config);
    Map<String, String> prefixes = prefixes(choices);
    PoolingConfig pooling = poolingConfig();
    OutputReader.Decided output =
        new OutputReader(model, choices, config, pooling.read())
            .decide(prefixes.values().stream().anyMatch(text -> !text.isEmpty()));
    return new ModelSpec(
        folder.name(),
        choices.aliases(),
        new EmbeddingTraits(
            output.pooling(),
            maxTokens(config, inputs, choices),
            dimensions(config, pooling.json, output.width(), choices),
            prefixes,
            truncation(choices),
            choices.tokenIds() == null ? TokenIds.CL100K_BASE : choices.tokenIds(),
            inputs,
            output.output(),
            !config.path("matryoshka_dimensions").isEmpty()),
        List.of(new ModelFiles.Folder(onnx, tokenizer, folder.bytes(onnx, model), revision)));
  }

  /** What is cut of a long text is the side that the model says, unless such texts are refused. */
  private Truncation truncation(FolderChoices choices) throws BrokenModel, IOException {
    if (choices.truncate() == Truncation.ERROR) {
      return Truncation.ERROR;
    }
    boolean keepsEnd =
        choices.keepsEnd() == null
            ? json(ModelFolder.TOKENIZER_CONFIG).path("truncation_side").asText().equals("left")
            : choices.keepsEnd();
    return keepsEnd || choices.truncate() == Truncation.START ? Truncation.START : Truncation.END;
  }

  private static void checkVersions(OnnxFile model, String name) throws BrokenModel {
    if (model.ir() > OnnxFile.NEWEST_IR) {
      throw new BrokenModel(
          "%s has IR version %d, and the newest that can be read is %d: export it for that"
              .formatted(name, model.ir(), OnnxFile.NEWEST_IR));
    }
    if (model.opset() > OnnxFile.NEWEST_OPSET) {
      throw new BrokenModel(
          "%s has opset %d, and the newest that can be read is %d: export it for that"
              .formatted(name, model.opset(), OnnxFile.NEWEST_OPSET));
    }
  }

  /** Whether it is there as a whole: what its words mean is seen when it is opened. */
  private static void checkTokenizer(Path file) throws BrokenModel, IOException {
    if (Files.size(file) > MAX_TOKENIZER) {
      throw new BrokenModel("tokenizer.json is longer than " + MAX_TOKENIZER + " bytes");
    }
    boolean model = false;
    try (JsonParser parser = JsonMappers.FILES.createParser(file.toFile())) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new BrokenModel("tokenizer.json holds no object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        model |= parser.nextToken() == JsonToken.START_OBJECT && field.equals("model");
        parser.skipChildren();
      }
    } catch (JsonProcessingException e) {
      throw noJson(ModelFolder.TOKENIZER, e);
    }
    if (!model) {
      throw new BrokenModel("tokenizer.json has no model");
    }
  }

  private static Inputs inputs(JsonNode config) throws BrokenModel {
    JsonNode given = config.path("pad_token_id");
    if (given.isNumber() && (!given.canConvertToInt() || given.intValue() < 0)) {
      throw new BrokenModel("config.json: pad_token_id is no token id: " + given);
    }
    Integer padding = given.isInt() ? given.intValue() : null;
    if (!POSITIONS_AFTER_PADDING.contains(config.path("model_type").asText())) {
      return new Inputs(padding, 0);
    }
    int before = padding == null ? ROBERTA_PADDING : padding;
    return new Inputs(before, before + 1);
  }

  /** What was chosen, else the least of the limits that the files name. */
  private int maxTokens(JsonNode config, Inputs inputs, FolderChoices choices)
      throws BrokenModel, IOException {
    List<Integer> limits = new ArrayList<>();
    whole(config, "max_position_embeddings", MOST_TOKENS)
        .ifPresent(positions -> limits.add(positions - inputs.firstPosition()));
    Integer chosen = choices.maxTokens();
    if (chosen != null) {
      if (!limits.isEmpty() && chosen > limits.getFirst()) {
        throw new BrokenModel(
            "model.yaml: max_tokens = %d, but config.json has positions for %d"
                .formatted(chosen, limits.getFirst()));
      }
      return chosen;
    }
    whole(json(ModelFolder.LENGTH), "max_seq_length", MOST_TOKENS).ifPresent(limits::add);
    // 1e30 stands for none.
    whole(json(ModelFolder.TOKENIZER_CONFIG), "model_max_length", MOST_TOKENS)
        .ifPresent(limits::add);
    int least = limits.stream().mapToInt(Integer::intValue).min().orElse(USUAL_TOKENS);
    if (least < LEAST_TOKENS) {
      throw new BrokenModel("it reads no more than " + least + " tokens, as its files say");
    }
    return least;
  }

  /**
   * What the model itself says goes before what is said of it: layers behind the pooling may have
   * made its vectors narrower.
   */
  private static int dimensions(
      JsonNode config, JsonNode pooling, long width, FolderChoices choices) throws BrokenModel {
    Integer chosen = choices.dimensions();
    if (width > MOST_DIMENSIONS || (chosen != null && width > 0 && width != chosen)) {
      throw new BrokenModel(
          "its vectors have %d numbers, and there may be %d"
              .formatted(width, chosen == null ? MOST_DIMENSIONS : chosen));
    }
    if (width > 0 || chosen != null) {
      return chosen == null ? (int) width : chosen;
    }
    for (String key : HIDDEN_SIZES) {
      OptionalInt size = whole(config, key, MOST_DIMENSIONS);
      if (size.isPresent()) {
        return size.getAsInt();
      }
      if (config.path(key).isNumber()) {
        throw new BrokenModel(
            "config.json: %s = %s is no length of a vector".formatted(key, config.path(key)));
      }
    }
    return whole(pooling, "word_embedding_dimension", MOST_DIMENSIONS)
        .orElseThrow(() -> new BrokenModel("config.json has no hidden_size"));
  }

  /**
   * What the directory says of pooling.
   *
   * @param layer one behind the pooling, which token vectors in an ONNX file lack; null: none
   */
  private record PoolingConfig(JsonNode json, @Nullable String layer) {

    PoolingFile read() {
      boolean withPrompt = json.path("include_prompt").asBoolean(true);
      if (layer != null) {
        return new PoolingFile(
            null,
            withPrompt,
            "modules.json has a layer of type "
                + Visible.quoted(layer)
                + "; there are "
                + String.join(", ", MODULES.stream().sorted().toList()));
      }
      if (json.isMissingNode()) {
        return PoolingFile.NONE;
      }
      List<String> modes = modes();
      if (modes.size() != 1) {
        return new PoolingFile(
            null,
            withPrompt,
            "1_Pooling/config.json must ask for one way of pooling, not "
                + (modes.isEmpty() ? "none" : String.join(" and ", modes)));
      }
      String mode = modes.getFirst();
      return switch (mode) {
        case "cls_token", "cls" -> new PoolingFile(Pooling.CLS, withPrompt, null);
        case "max_tokens", "max" -> new PoolingFile(Pooling.MAX, withPrompt, null);
        // Another divisor: scaled to length 1 it is the same vector.
        case "mean_tokens", "mean", "mean_sqrt_len_tokens", "mean_sqrt_len" ->
            new PoolingFile(Pooling.MEAN, withPrompt, null);
        default ->
            new PoolingFile(
                null,
                withPrompt,
                "1_Pooling/config.json asks for "
                    + Visible.quoted(mode)
                    + "; there are mean, cls and max");
      };
    }

    private List<String> modes() {
      List<String> modes = new ArrayList<>();
      if (json.path("pooling_mode").isTextual()) {
        modes.add(json.path("pooling_mode").textValue());
      }
      json.properties()
          .forEach(entry -> {
            if (entry.getKey().startsWith("pooling_mode_") && entry.getValue().asBoolean()) {
              modes.add(entry.getKey().substring("pooling_mode_".length()));
            }
          });
      return modes;
    }
  }

  /** Where modules.json says that it is, or at its usual place. */
  private PoolingConfig poolingConfig() throws BrokenModel, IOException {
    String layer = null;
    String place = ModelFolder.POOLING;
    for (JsonNode module : json(ModelFolder.MODULES)) {
      String type = module.path("type").asText();
      String last = type.substring(type.lastIndexOf('.') + 1);
      String path = module.path("path").asText();
      if (!MODULES.contains(last)) {
        layer = last;
      } else if (last.equals("Pooling") && path.matches(SUBFOLDER)) {
        place = path + "/config.json";
      }
    }
    return new PoolingConfig(json(place), layer);
  }

  /** Sentence Transformers calls a passage a document, too. */
  private Map<String, String> prefixes(FolderChoices choices) throws BrokenModel, IOException {
    if (choices.prompts() != null) {
      return choices.prompts();
    }
    Map<String, String> prefixes = new HashMap<>();
    JsonNode file = json(ModelFolder.PROMPTS);
    JsonNode prompts = file.path("prompts");
    prompt(prompts, "query").ifPresent(text -> prefixes.put(EmbeddingTraits.QUERY, text));
    prompt(prompts, "passage")
        .or(() -> prompt(prompts, "document"))
        .ifPresent(text -> prefixes.put(EmbeddingTraits.PASSAGE, text));
    String usual = file.path("default_prompt_name").textValue();
    if (usual != null) {
      if (!prompts.path(usual).isTextual()) {
        throw new BrokenModel(
            "config_sentence_transformers.json: default_prompt_name = %s is none of its prompts"
                .formatted(Visible.quoted(usual)));
      }
      prompt(prompts, usual).ifPresent(text -> prefixes.put(EmbeddingTraits.DEFAULT, text));
    }
    return prefixes;
  }

  private static Optional<String> prompt(JsonNode prompts, String name) {
    return Optional.ofNullable(prompts.path(name).textValue()).filter(text -> !text.isEmpty());
  }

  /** Empty when there is no whole number from 1 to the most. */
  private static OptionalInt whole(JsonNode node, String key, int most) {
    JsonNode value = node.path(key);
    boolean fits =
        value.isNumber()
            && value.doubleValue() >= 1
            && value.doubleValue() <= most
            && value.doubleValue() == Math.rint(value.doubleValue());
    return fits ? OptionalInt.of(value.intValue()) : OptionalInt.empty();
  }

  /** Missing where the directory does not have the file. */
  private JsonNode json(String name) throws BrokenModel, IOException {
    Optional<Path> file = folder.file(name);
    return file.isPresent() ? json(file.get(), name) : MissingNode.getInstance();
  }

  private static JsonNode json(Path file, String name) throws BrokenModel, IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_JSON + 1);
    }
    if (bytes.length > MAX_JSON) {
      throw new BrokenModel(name + " is longer than " + MAX_JSON + " bytes");
    }
    try {
      JsonNode node = JsonMappers.FILES.readTree(bytes);
      if (node.isContainerNode()) {
        return node;
      }
    } catch (JsonProcessingException e) {
      throw noJson(name, e);
    }
    throw new BrokenModel(name + " holds neither an object nor a list");
  }

  private static BrokenModel noJson(String name, JsonProcessingException e) {
    return new BrokenModel(
        e instanceof StreamConstraintsException
            ? name + " is nested too deeply, or holds a name or a number that is too long"
            : name
                + " is not JSON, line "
                + (e.getLocation() == null ? 1 : e.getLocation().getLineNr()));
  }
}
