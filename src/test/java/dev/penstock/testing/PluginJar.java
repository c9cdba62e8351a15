package dev.penstock.testing;

import dev.penstock.task.TaskHandler;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** A plugin's jar, made from sources as its author would make it. */
public final class PluginJar {
  private PluginJar() {}

  /** Compiles every source below {@code java} and packs the classes with {@code resources}. */
  public static void build(Path java, Path resources, Path jar) throws IOException {
    Path classes = Files.createTempDirectory(jar.getParent(), "classes");
    compile(java, classes);
    try (var out = new JarOutputStream(Files.newOutputStream(jar))) {
      add(classes, out);
      add(resources, out);
    }
  }

  /**
   * Makes the jar of a plugin whose handlers are these classes of the package {@code plugin}.
   *
   * @param work an empty folder for its sources
   * @param sources by the names of the classes; the API is imported already
   */
  public static void build(Path work, Map<String, String> sources, Path jar) throws IOException {
    Path java = Files.createDirectories(work.resolve("java"));
    Path services = work.resolve("resources/META-INF/services");
    Files.createDirectories(services);
    for (var source : sources.entrySet()) {
      Files.writeString(
          java.resolve(source.getKey() + ".java"),
          "package plugin;\nimport dev.penstock.task.*;\n" + source.getValue());
    }
    Files.write(
        services.resolve(TaskHandler.class.getName()),
        sources.keySet().stream().sorted().map(name -> "plugin." + name).toList());
    build(java, work.resolve("resources"), jar);
  }

  private static void compile(Path java, Path classes) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    var told = new StringWriter();
    try (var files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8);
        Stream<Path> sources = Files.walk(java)) {
      List<Path> all = sources.filter(path -> path.toString().endsWith(".java")).toList();
      if (all.isEmpty()) {
        return;
      }
      List<String> options =
          List.of(
              "-proc:none",
              "-d",
              classes.toString(),
              "-classpath",
              System.getProperty("java.class.path"));
      boolean compiled =
          compiler
              .getTask(told, files, null, options, null, files.getJavaFileObjectsFromPaths(all))
              .call();
      if (!compiled) {
        throw new AssertionError("the plugin does not compile:\n" + told);
      }
    }
  }

  private static void add(Path folder, JarOutputStream out) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        out.putNextEntry(new JarEntry(folder.relativize(file).toString()));
        Files.copy(file, out);
        out.closeEntry();
      }
    }
  }
}
