package dev.penstock.start;

import dev.penstock.config.BadSettings;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.engine.Backends;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Lane;
import dev.penstock.types.ServedLanes;
import dev.penstock.types.TaskType;
import dev.penstock.types.TaskTypes;
import java.util.List;
import java.util.Objects;

/**
 * What a process can do, plugins apart.
 *
 * @param backends with the kinds of model that they run
 */
record Abilities(List<TaskType> types, Backends backends) {
  static final Abilities BUILT_IN = new Abilities(TaskTypes.BUILT_IN, Backends.BUILT_IN);

  /** The groups of settings that the types declare. */
  List<Class<?>> settings() {
    return types.stream().<Class<?>>map(TaskType::settings).filter(Objects::nonNull).toList();
  }

  ModelCatalogue catalogue(Settings settings) {
    return ModelCatalogue.load(
        backends.forms(), settings.models().file().orElse(null), settings.models().dir());
  }

  /**
   * Looks whether there are the models of tasks that name none.
   *
   * @param wanted the lanes whose models have to be there
   * @throws BadSettings naming one that there is not
   */
  void checkDefaults(ModelCatalogue models, Loaded settings, ServedLanes wanted) {
    for (TaskType type : types) {
      String name = type.defaultModel(settings);
      if (name != null) {
        String known = models.find(name).map(ModelSpec::name).orElse(name);
        if (wanted.has(new Lane(type.name(), known))) {
          models.require(type.name() + ".model", name, Objects.requireNonNull(type.modelKind()));
        }
      }
    }
  }
}
