package dev.penstock.models;

import dev.penstock.config.BadSettings;
import dev.penstock.config.YamlFile;
import dev.penstock.models.EmbeddingTraits.Pooling;
import dev.penstock.models.EmbeddingTraits.TokenIds;
import dev.penstock.models.EmbeddingTraits.Truncation;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the operator says of a model in its directory, in {@code model.yaml}: it goes before what
 * the other files say. Null: nothing.
 *
 * @param file the model's file
 * @param output the output that is read
 * @param prompts text put before an input, as {@link EmbeddingTraits#prefixes}
 * @param keepsEnd whether the end of a long text is read, not its beginning
 */
record FolderChoices(
    @Nullable Pooling pooling,
    @Nullable String output,
    @Nullable String file,
    @Nullable Map<String, String> prompts,
    List<String> aliases,
    @Nullable Boolean keepsEnd,
    @Nullable Boolean normalise,
    @Nullable Integer maxTokens,
    @Nullable Integer dimensions,
    @Nullable Truncation truncate,
    @Nullable TokenIds tokenIds) {

  private static final int MAX_BYTES = 1 << 16;
  private static final String FILE =
      "([A-Za-z0-9_-][A-Za-z0-9._-]*/)?[A-Za-z0-9_-][A-Za-z0-9._-]*\\.onnx";
  private static final String DOCUMENT = "document";

  private static final Set<String> KEYS =
      Set.of(
          "pooling",
          "output",
          "file",
          "prompts",
          "aliases",
          "truncation_side",
          "normalise",
          "max_tokens",
          "dimensions",
          "truncate",
          "token_ids");

  private enum Side {
    LEFT,
    RIGHT
  }

  FolderChoices {
    aliases = List.copyOf(aliases);
  }

  static FolderChoices read(ModelFolder folder) throws BrokenModel, IOException {
    List<String> problems = new ArrayList<>();
    YamlFile yaml = yaml(folder);
    FolderChoices choices = read(new FieldReader(ModelFolder.CHOICES, "", yaml.root(), problems));
    if (problems.isEmpty()) {
      return choices;
    }
    throw new BrokenModel(String.join("; ", problems));
  }

  /** The file itself; an empty one where there is none. */
  static YamlFile yaml(ModelFolder folder) throws BrokenModel, IOException {
    Optional<Path> file = folder.file(ModelFolder.CHOICES);
    byte[] bytes = {};
    if (file.isPresent()) {
      try (InputStream in = Files.newInputStream(file.get())) {
        bytes = in.readNBytes(MAX_BYTES + 1);
      }
      if (bytes.length > MAX_BYTES) {
        throw new BrokenModel(ModelFolder.CHOICES + " is longer than " + MAX_BYTES + " bytes");
      }
    }
    try {
      return YamlFile.parse(ModelFolder.CHOICES, bytes);
    } catch (BadSettings e) {
      throw new BrokenModel(String.join("; ", e.problems()));
    }
  }

  private static FolderChoices read(FieldReader fields) {
    fields.only(KEYS);
    return new FolderChoices(
        fields.has("pooling") ? fields.oneOf("pooling", Pooling.class, Pooling.MEAN) : null,
        fields.has("output") ? fields.text("output", ".{1,200}", "the name of an output") : null,
        fields.has("file")
            ? fields.text("file", FILE, "the name of an .onnx file, like onnx/model_int8.onnx")
            : null,
        fields.has("prompts") ? prompts(fields) : null,
        fields.texts("aliases", CatalogueReader.ALIAS, "names made of letters, digits and ._/:-"),
        fields.has("truncation_side")
            ? fields.oneOf("truncation_side", Side.class, Side.RIGHT) == Side.LEFT
            : null,
        fields.has("normalise")
            ? fields.word("normalise", List.of("true", "false")).equals("true")
            : null,
        fields.has("max_tokens") ? fields.whole("max_tokens", 3, EmbeddingTraits.MAX_TOKENS) : null,
        fields.has("dimensions")
            ? fields.whole("dimensions", 1, EmbeddingTraits.MAX_DIMENSIONS)
            : null,
        fields.has("truncate") ? fields.oneOf("truncate", Truncation.class, Truncation.END) : null,
        fields.has("token_ids")
            ? fields.oneOf("token_ids", TokenIds.class, TokenIds.CL100K_BASE)
            : null);
  }

  private static Map<String, String> prompts(FieldReader fields) {
    Map<String, String> prompts =
        new LinkedHashMap<>(
            fields.texts(
                "prompts",
                Set.of(
                    EmbeddingTraits.QUERY,
                    EmbeddingTraits.PASSAGE,
                    DOCUMENT,
                    EmbeddingTraits.DEFAULT)));
    String document = prompts.remove(DOCUMENT);
    if (document != null && prompts.putIfAbsent(EmbeddingTraits.PASSAGE, document) != null) {
      fields.problem("prompts", "has document and passage, which are one");
    }
    return prompts;
  }
}
