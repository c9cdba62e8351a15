package dev.penstock.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** A command line as it ran in this JVM: its exit code and what it printed. */
record CommandRun(int code, String out, String err) {
  static final String KEY = "sk-test-0123456789abcdef";

  /** Runs a command with a key, and with input that is at its end. */
  static CommandRun of(ScriptedServer server, String... arguments) {
    return piped("", server, arguments);
  }

  static CommandRun piped(String input, ScriptedServer server, String... arguments) {
    byte[] bytes = input.getBytes(StandardCharsets.UTF_8);
    return with(new ByteArrayInputStream(bytes), false, server, arguments);
  }

  /** On a terminal, which takes everything. */
  static CommandRun watched(ScriptedServer server, String... arguments) {
    return with(InputStream.nullInputStream(), true, server, arguments);
  }

  static CommandRun with(
      InputStream in, boolean terminal, ScriptedServer server, String... arguments) {
    return with(in, terminal, Map.of("PENSTOCK_URL", server.url(), "PENSTOCK_KEY", KEY), arguments);
  }

  static CommandRun with(
      InputStream in, boolean terminal, Map<String, String> environment, String... arguments) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    var io =
        new Io(
            in,
            new PrintStream(out, false, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            terminal,
            terminal,
            environment);
    var program = new CommandLine(CommandSpec.create().name("penstock"));
    Commands.addTo(program, io);
    int code = program.execute(arguments);
    return new CommandRun(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  List<String> lines() {
    return out.lines().toList();
  }
}
