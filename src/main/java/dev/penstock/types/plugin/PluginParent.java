package dev.penstock.types.plugin;

import java.util.List;

/**
 * What a plugin sees beside its own jar: the JDK, the API for task handlers and SLF4J's. Had it the
 * program's loader for its parent, the program's Jackson would hide the one in its jar, in whatever
 * version.
 */
final class PluginParent extends ClassLoader {
  private static final List<String> SHOWN =
      List.of("dev.penstock.task.", "org.slf4j.", "org.jspecify.annotations.");

  private final ClassLoader program = PluginParent.class.getClassLoader();

  PluginParent() {
    // Resources are the JDK's alone: not our META-INF/services, nor our logback.xml.
    super("plugins", ClassLoader.getPlatformClassLoader());
  }

  /** Asked after the platform's loader. */
  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    if (SHOWN.stream().anyMatch(name::startsWith)) {
      return program.loadClass(name);
    }
    throw new ClassNotFoundException(name);
  }
}
