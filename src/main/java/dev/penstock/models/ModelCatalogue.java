package dev.penstock.models;

import dev.penstock.config.BadSettings;
import dev.penstock.config.Visible;
import dev.penstock.config.YamlFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The models this program knows. */
public final class ModelCatalogue {
  private static final String BUNDLED = "conf/models.yaml";

  private final List<ModelSpec> models;

  ModelCatalogue(List<ModelSpec> models) {
    this.models = List.copyOf(models);
  }

  /**
   * Reads a models.yaml, the one inside the program where no file is given.
   *
   * @throws BadSettings naming every model and key that is wrong
   */
  public static ModelCatalogue load(@Nullable Path file) {
    return read(file == null ? YamlFile.ofResource(BUNDLED) : YamlFile.of(file));
  }

  static ModelCatalogue read(YamlFile file) {
    return new ModelCatalogue(new CatalogueReader(file).read());
  }

  /** In the order of models.yaml. */
  public List<ModelSpec> all() {
    return models;
  }

  /** The model of that name or alias. */
  public Optional<ModelSpec> find(String name) {
    return models.stream()
        .filter(model -> model.name().equals(name) || model.aliases().contains(name))
        .findFirst();
  }

  /** The model a setting names, {@code embedding.model}. */
  public ModelSpec require(String name) {
    return find(name)
        .orElseThrow(() ->
            new BadSettings(
                "embedding.model = %s: must be a model of models.yaml: %s"
                    .formatted(Visible.quoted(name), names())));
  }

  private String names() {
    return models.stream()
        .map(model ->
            model.aliases().isEmpty()
                ? model.name()
                : model.name() + " (also " + String.join(", ", model.aliases()) + ")")
        .collect(Collectors.joining("; "));
  }
}
