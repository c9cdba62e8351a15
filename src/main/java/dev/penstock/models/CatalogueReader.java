package dev.penstock.models;

import dev.penstock.base.Visible;
import dev.penstock.config.BadSettings;
import dev.penstock.config.YamlFile;
import dev.penstock.config.YamlNode;
import dev.penstock.models.ModelSpec.ModelFiles;
import dev.penstock.models.ModelSpec.Pooling;
import dev.penstock.models.ModelSpec.TokenIds;
import dev.penstock.models.ModelSpec.Truncation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads the models out of a models.yaml, and gathers what is wrong with it. */
final class CatalogueReader {
  private static final int MAX_TOKENS = 1_000_000;
  private static final int MAX_DIMENSIONS = 65_536;

  /** A name becomes part of a lane's and of a metric label: no slashes, unlike in an alias. */
  static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}";

  private static final String ALIAS = "[A-Za-z0-9][A-Za-z0-9._/:-]{0,199}";

  /** No dot at a segment's start, so that no segment leads upwards. */
  private static final String RESOURCE = "classpath:([A-Za-z0-9_-][A-Za-z0-9._-]*/?)+(?<!/)";

  private static final String CLASS_PATH = "classpath:";

  private final YamlFile file;
  private final List<String> problems = new ArrayList<>();

  CatalogueReader(YamlFile file) {
    this.file = file;
  }

  List<ModelSpec> read() {
    FieldReader root = new FieldReader(file.name(), "", file.root(), problems);
    root.only(Set.of("models"));
    List<ModelSpec> models = new ArrayList<>();
    Map<String, String> taken = new HashMap<>();
    List<YamlNode> items = root.items("models");
    for (int i = 0; i < items.size(); i++) {
      if (items.get(i) instanceof YamlNode.Fields fields) {
        model(i + 1, fields, taken).ifPresent(models::add);
      } else {
        problems.add(
            "%s, line %d: model %d must be keys and values"
                .formatted(file.name(), items.get(i).line(), i + 1));
      }
    }
    if (models.isEmpty() && problems.isEmpty()) {
      problems.add(file.name() + ": models must hold at least one model");
    }
    if (!problems.isEmpty()) {
      throw new BadSettings(problems);
    }
    return models;
  }

  /** Empty when a key was wrong; the problems say which. */
  private Optional<ModelSpec> model(int number, YamlNode.Fields node, Map<String, String> taken) {
    int before = problems.size();
    String label =
        node.fields().get("name") instanceof YamlNode.Scalar given && !given.text().isEmpty()
            ? "model " + Visible.quoted(given.text())
            : "model " + number;
    FieldReader fields = new FieldReader(file.name(), label, node, problems);
    fields.only(
        Set.of(
            "name",
            "aliases",
            "source",
            "pooling",
            "max_tokens",
            "dimensions",
            "prefixes",
            "truncate",
            "token_ids"));
    String name = fields.text("name", NAME, "letters, digits, dots, dashes and underscores");
    List<String> aliases =
        fields.texts("aliases", ALIAS, "names made of letters, digits and ._/:-");
    ModelFiles files = files(fields.section("source"));
    Pooling pooling = fields.oneOf("pooling", Pooling.class, Pooling.MEAN);
    int maxTokens = fields.whole("max_tokens", 3, MAX_TOKENS);
    int dimensions = fields.whole("dimensions", 1, MAX_DIMENSIONS);
    Map<String, String> prefixes = fields.optionalSection("prefixes", Set.of("query", "passage"));
    Truncation truncate = fields.oneOf("truncate", Truncation.class, Truncation.END);
    TokenIds tokenIds = fields.oneOf("token_ids", TokenIds.class, TokenIds.REJECT);
    claim("name", name, label, fields, taken);
    aliases.forEach(alias -> claim("aliases", alias, label, fields, taken));
    return problems.size() > before
        ? Optional.empty()
        : Optional.of(
            new ModelSpec(
                name,
                aliases,
                files,
                pooling,
                maxTokens,
                dimensions,
                prefixes,
                truncate,
                tokenIds,
                ModelSpec.Inputs.STANDARD));
  }

  private void claim(
      String key, String name, String label, FieldReader fields, Map<String, String> taken) {
    String holder = taken.putIfAbsent(name, label);
    if (holder != null && !name.isEmpty()) {
      fields.problem(key, name, "is a name of " + holder + " already");
    }
  }

  private static ModelFiles files(FieldReader source) {
    source.only(Set.of("onnx", "tokenizer"));
    return new ModelFiles.Resources(resource(source, "onnx"), resource(source, "tokenizer"));
  }

  private static String resource(FieldReader source, String key) {
    String given = source.text(key, RESOURCE, "classpath:<path of a resource>");
    if (given.isEmpty()) {
      return "";
    }
    String resource = given.substring(CLASS_PATH.length());
    if (CatalogueReader.class.getResource("/" + resource) == null) {
      source.problem(key, given, "is not on the class path");
    }
    return resource;
  }
}
