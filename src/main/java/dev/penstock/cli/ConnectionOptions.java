package dev.penstock.cli;

import dev.penstock.base.Visible;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options every command has: which server, with which key. */
final class ConnectionOptions {
  private static final String STANDARD_SERVER = "http://127.0.0.1:8000";
  private static final int MAX_KEY = 1_024;

  /** What may stand in a header; anything else would fail there with the key in the message. */
  private static final Pattern KEY = Pattern.compile("[!-~]{1,512}");

  @Option(
      names = "--server",
      paramLabel = "URL",
      description = "the server (PENSTOCK_URL; " + STANDARD_SERVER + ")")
  private @Nullable String server;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description = "the API key (PENSTOCK_KEY, AUTH_TOKEN); other users can see it here")
  private @Nullable String key;

  @Option(names = "--key-file", paramLabel = "FILE", description = "a file with the API key in it")
  private @Nullable Path keyFile;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "the server's data folder, whose api-key is taken (DATA_DIR; data)")
  private @Nullable Path data;

  @Option(
      names = "--retry-for",
      paramLabel = "TIME",
      converter = Times.class,
      description = "how long a server that is full or away is asked again (1m)")
  private Duration retryFor = Duration.ofMinutes(1);

  /** The caller closes the client. */
  Client connect(Io io) throws Failure {
    return new Client(server(io), key(io), retryFor);
  }

  private URI server(Io io) throws Failure {
    String text = server != null ? server : io.variable("PENSTOCK_URL");
    if (text == null) {
      return URI.create(STANDARD_SERVER);
    }
    URI uri;
    try {
      uri = new URI(text.replaceFirst("/+$", ""));
    } catch (URISyntaxException e) {
      throw badServer();
    }
    String scheme = uri.getScheme();
    boolean web = "http".equalsIgnoreCase(scheme) || "https".equalsIgnoreCase(scheme);
    if (!web
        || uri.getHost() == null
        || uri.getUserInfo() != null
        || uri.getQuery() != null
        || uri.getFragment() != null) {
      throw badServer();
    }
    return uri;
  }

  private static Failure badServer() {
    return Failure.refused("--server (PENSTOCK_URL) must be a URL such as " + STANDARD_SERVER);
  }

  private String key(Io io) throws Failure {
    if (key != null) {
      return checked(key, "--key");
    }
    if (keyFile != null) {
      String found = read(keyFile);
      if (found == null) {
        throw Failure.refused("no key: there is no file " + name(keyFile) + " (--key-file)");
      }
      return found;
    }
    for (String variable : new String[] {"PENSTOCK_KEY", "AUTH_TOKEN"}) {
      String found = io.variable(variable);
      if (found != null) {
        return checked(found, variable);
      }
    }
    String folder = io.variable("DATA_DIR");
    Path file =
        (data != null ? data : Path.of(folder == null ? "data" : folder)).resolve("api-key");
    String found = read(file);
    if (found == null) {
      throw Failure.refused(
          "no key: --key, --key-file, PENSTOCK_KEY and AUTH_TOKEN are not given, and there is no "
              + name(file)
              + " (--data names the server's data folder)");
    }
    return found;
  }

  /** Null when there is no such file. */
  private static @Nullable String read(Path file) throws Failure {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_KEY);
      return checked(new String(bytes, StandardCharsets.UTF_8).strip(), name(file));
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      throw Failure.refused("no key: " + name(file) + " cannot be read");
    }
  }

  private static String checked(String key, String where) throws Failure {
    if (!KEY.matcher(key).matches()) {
      throw Failure.refused(
          "no key: what " + where + " has is not one line of 1 to 512 visible ASCII characters");
    }
    return key;
  }

  private static String name(Path file) {
    return Visible.text(file.toString());
  }
}
