package dev.penstock.models;

import dev.penstock.base.Visible;
import dev.penstock.config.BadSettings;
import dev.penstock.config.YamlFile;
import dev.penstock.config.YamlNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reads the models out of a models.yaml, and gathers what is wrong with it. */
final class CatalogueReader {
  private static final String SOURCE = "source";
  private static final String BACKENDS = "backends";

  /** A name becomes part of a lane's and of a metric label: no slashes, unlike in an alias. */
  static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}";

  static final String ALIAS = "[A-Za-z0-9][A-Za-z0-9._/:-]{0,199}";

  /** The keys of a model of any kind; it has one of the last two. */
  private static final Set<String> KEYS = Set.of("name", "aliases", "kind", SOURCE, BACKENDS);

  private final YamlFile file;
  private final ModelForms forms;
  private final List<String> problems = new ArrayList<>();

  CatalogueReader(YamlFile file, ModelForms forms) {
    this.file = file;
    this.forms = forms;
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
    ModelKind kind = kind(fields);
    if (problems.size() > before) {
      return Optional.empty(); // which keys it may have is not known
    }
    fields.only(Stream.concat(KEYS.stream(), kind.keys().stream()).collect(Collectors.toSet()));
    String name = fields.text("name", NAME, "letters, digits, dots, dashes and underscores");
    List<String> aliases =
        fields.texts("aliases", ALIAS, "names made of letters, digits and ._/:-");
    List<ModelSource> sources = sources(fields, kind);
    ModelTraits traits = kind.read(fields);
    claim("name", name, label, fields, taken);
    aliases.forEach(alias -> claim("aliases", alias, label, fields, taken));
    return problems.size() > before
        ? Optional.empty()
        : Optional.of(new ModelSpec(name, aliases, traits, sources));
  }

  private ModelKind kind(FieldReader fields) {
    List<String> known = forms.kinds().stream().map(ModelKind::name).toList();
    return forms.kinds().get(known.indexOf(fields.word("kind", known)));
  }

  private List<ModelSource> sources(FieldReader fields, ModelKind kind) {
    SourceReader first = forms.backends().getFirst();
    if (!fields.has(BACKENDS) && !fields.has(SOURCE)) {
      fields.problem(SOURCE, "or " + BACKENDS + " is missing");
      return List.of();
    }
    if (!fields.has(BACKENDS)) {
      return List.of(source(first, SOURCE, fields.section(SOURCE), kind, fields));
    }
    if (fields.has(SOURCE)) {
      fields.problem(SOURCE, "and " + BACKENDS + " exclude each other");
    }
    Map<String, SourceReader> known = new LinkedHashMap<>();
    forms.backends().forEach(backend -> known.put(backend.name(), backend));
    return fields.variants(BACKENDS, known.keySet()).stream()
        .map(variant ->
            source(
                Objects.requireNonNull(known.get(variant.name())),
                BACKENDS,
                variant.fields(),
                kind,
                fields))
        .toList();
  }

  private static ModelSource source(
      SourceReader backend, String key, FieldReader own, ModelKind kind, FieldReader model) {
    if (!backend.kinds().contains(kind.name())) {
      model.problem(key, "names " + backend.name() + ", which runs no " + kind.name() + " models");
    }
    return backend.read(own);
  }

  private void claim(
      String key, String name, String label, FieldReader fields, Map<String, String> taken) {
    String holder = taken.putIfAbsent(name, label);
    if (holder != null && !name.isEmpty()) {
      fields.problem(key, name, "is a name of " + holder + " already");
    }
  }
}
