package dev.penstock;

import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Program;
import dev.penstock.testing.TinyModel;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** {@code penstock worker} in a process of its own, with the {@linkplain TinyModel tiny models}. */
public final class WorkerFarAway {
  static final Map<String, String> KEY = Map.of("PENSTOCK_KEY", PenstockProcess.KEY);

  private WorkerFarAway() {}

  /** Starts one and waits until it works. Its own folder is called as it is. */
  public static Program start(Path folder, URI server, String name, String... options)
      throws Exception {
    Map<String, String> environment = new HashMap<>(TinyModel.settings());
    environment.putAll(KEY);
    List<String> all =
        new ArrayList<>(List.of("worker", "--server", server.toString(), "--name", name));
    all.addAll(List.of(options));
    Program program =
        Program.start(
            Files.createDirectories(folder.resolve(name)), environment, all.toArray(String[]::new));
    program.awaitOutput(" works for ");
    return program;
  }
}
