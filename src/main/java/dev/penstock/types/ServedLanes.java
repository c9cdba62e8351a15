package dev.penstock.types;

import dev.penstock.base.Visible;
import dev.penstock.config.BadSettings;
import dev.penstock.config.Settings;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Lane;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which lanes this process works on; work for the others is taken all the same, and waits for a
 * process that does.
 *
 * @param any false: none at all
 * @param types task types; empty: all
 * @param models names of models, for the types that use any; empty: all
 */
public record ServedLanes(boolean any, Set<String> types, Set<String> models) {

  /** Every lane there may be. */
  public static final ServedLanes ALL = new ServedLanes(true, Set.of(), Set.of());

  /** No lane at all. */
  public static final ServedLanes NOTHING = new ServedLanes(false, Set.of(), Set.of());

  /**
   * What the settings name.
   *
   * @throws BadSettings naming every type and model that is unknown
   */
  public static ServedLanes of(
      Settings.Model settings, ModelCatalogue catalogue, Collection<String> knownTypes) {
    List<String> problems = new ArrayList<>();
    Set<String> types = new HashSet<>();
    for (String type : settings.type().orElse(List.of())) {
      if (!knownTypes.contains(type)) {
        problems.add(
            "model.type = %s: no task type is called that; there are %s"
                .formatted(Visible.quoted(type), String.join(", ", new TreeSet<>(knownTypes))));
      }
      types.add(type);
    }
    Set<String> models = new HashSet<>();
    for (String key : settings.key().orElse(List.of())) {
      Optional<ModelSpec> model = catalogue.find(key);
      // A directory that is no model yet may still become one.
      if (model.isEmpty() && !catalogue.broken().containsKey(key)) {
        problems.add(
            ("model.key = %s: no model is called that; there are %s. For a model that is still to"
                    + " come, make its directory in models.dir first")
                .formatted(Visible.quoted(key), catalogue.names()));
      }
      models.add(model.map(ModelSpec::name).orElse(key));
    }
    if (!problems.isEmpty()) {
      throw new BadSettings(problems);
    }
    return new ServedLanes(true, types, models);
  }

  public boolean has(Lane lane) {
    return any
        && (types.isEmpty() || types.contains(lane.type()))
        && (lane.model() == null || models.isEmpty() || models.contains(lane.model()));
  }
}
