package dev.penstock.start;

import dev.penstock.config.Logging;
import dev.penstock.config.SettingsLoader;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.engine.NativeLibraries;
import dev.penstock.task.TaskHandler;
import io.smallrye.config.ConfigMapping;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** What runs tasks in the child process: as in the node that started it, and set like that. */
final class ChildWorker {
  /** Nothing of who may ask, and of where tasks are kept: the child has no need of either. */
  private static final List<String> SECTIONS =
      List.of("data", "log", "model", "models", "inference", "plugins");

  private ChildWorker() {}

  /** What it is to be set to. */
  static Map<String, String> settings(Loaded settings, Abilities abilities) {
    List<String> sections =
        Stream.concat(
                SECTIONS.stream(),
                abilities.settings().stream()
                    .map(group -> group.getAnnotation(ConfigMapping.class).prefix()))
            .toList();
    Map<String, String> all = new HashMap<>(settings.below(sections));
    // One run of a model at a time: the other processors are for what nobody suspects.
    all.put("inference.threads", "1");
    return all;
  }

  /** The handlers of all task types, by name. */
  static Function<String, Optional<TaskHandler>> handlers(
      String worker, Map<String, String> settings) {
    Loaded loaded = SettingsLoader.load(Abilities.BUILT_IN.settings(), settings, Map.of(), null);
    Logging.apply(loaded.settings().log());
    NativeLibraries.prepare(loaded.settings().data().dir());
    return WorkerParts.inChild(loaded, Abilities.BUILT_IN, worker)::handler;
  }
}
